import { type ContractRefusal, type ErrorCode, explainCallError } from "@hireforhumans/protocol";

/**
 * A call that the contract refused, or that never got there.
 * @typeParam Name the contract errors that this verb can meet
 */
export class ContractCallError<Name extends string = string> extends Error {
  override readonly name = "ContractCallError";
  readonly verb: string;
  /** The contract error's name; undefined when the contract gave none (a lost connection, say: `cause` has it). */
  readonly reason: Name | undefined;
  readonly args: Readonly<Record<string, unknown>>;
  /** The code of the error table that fits; undefined like `reason`. */
  readonly code: ErrorCode | undefined;

  constructor(verb: string, message: string, options: { refusal?: ContractRefusal | undefined; cause?: unknown }) {
    super(`${verb}: ${message}`, { cause: options.cause });
    this.verb = verb;
    this.reason = options.refusal?.name as Name | undefined;
    this.args = options.refusal?.args ?? {};
    this.code = options.refusal?.code;
  }
}

/** What a failed ethers call means. */
export function callErrorOf(verb: string, cause: unknown): ContractCallError {
  if (cause instanceof ContractCallError) return cause as ContractCallError;
  const refusal = explainCallError(cause);
  return new ContractCallError(verb, refusal?.message ?? wordsOf(cause), { refusal, cause });
}

/** ethers' messages hold the whole transaction; its short ones say what happened. */
function wordsOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return "shortMessage" in cause && typeof cause.shortMessage === "string" ? cause.shortMessage : cause.message;
}
