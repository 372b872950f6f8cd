import { type CheckResult, type VerdictReasons, problemSchema } from "@hireforhumans/protocol";
import type { z } from "zod";
import type { VerificationRequest } from "../check.ts";
import { type signRequestSchema, signResponseSchema, verifyMessageOf, verifyResponseSchema } from "../messages.ts";

export interface NodeClientOptions {
  url: string;
  /** The secret that this gateway and the node share. */
  token: string;
  /** The account by which the node signs, by configuration: what another one signed is worth nothing. */
  address: string;
  /** A link by which the node can read a file for some minutes. */
  linkTo: (sha256: string) => string;
  /** Default: 20,000: the checks take 10 s at most, and large files some more. */
  findTimeoutMs?: number;
  /** Default: 5,000. */
  signTimeoutMs?: number;
}

/** A node of the oracle, as its gateway sees it. Both calls throw where there is no good answer; both are idempotent. */
export interface NodeClient {
  address: string;
  find(request: VerificationRequest, signal: AbortSignal): Promise<CheckResult[]>;
  /** @returns what it says is its signature; whose it is, is for the caller to see */
  sign(words: CommonWords, signal: AbortSignal): Promise<string>;
}

/** What all who agree sign. */
export interface CommonWords {
  worker: string;
  reasons: VerdictReasons;
  validUntilSeconds: bigint;
}

/** Reasons of some dozen checks; a node that sends more is broken or means ill. */
const maxAnswerBytes = 1024 * 1024;

export function createNodeClient({
  url,
  token,
  address,
  linkTo,
  findTimeoutMs = 20_000,
  signTimeoutMs = 5_000,
}: NodeClientOptions): NodeClient {
  async function post<Schema extends z.ZodType>(
    path: string,
    message: unknown,
    schema: Schema,
    signals: AbortSignal[],
  ): Promise<z.output<Schema>> {
    const response = await fetch(new URL(path, url), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(message),
      redirect: "error",
      signal: AbortSignal.any(signals),
    });
    const answer: unknown = JSON.parse(await readAnswer(response));
    if (response.status === 200) return schema.parse(answer);
    const problem = problemSchema.safeParse(answer);
    throw new Error(problem.success ? `${problem.data.code}: ${problem.data.detail}` : `status ${response.status}`);
  }

  return {
    address,
    async find(request, signal) {
      const signals = [signal, AbortSignal.timeout(findTimeoutMs)];
      const { checks } = await post("/v1/verify", verifyMessageOf(request, linkTo), verifyResponseSchema, signals);
      return checks;
    },
    async sign({ worker, reasons, validUntilSeconds }, signal) {
      const message: z.input<typeof signRequestSchema> = { worker, reasons, valid_until: Number(validUntilSeconds) };
      const signals = [signal, AbortSignal.timeout(signTimeoutMs)];
      return (await post("/v1/sign", message, signResponseSchema, signals)).signature;
    },
  };
}

async function readAnswer(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxAnswerBytes) throw new Error(`the answer is longer than ${maxAnswerBytes} bytes`);
  }
  return Buffer.concat(chunks).toString("utf8");
}
