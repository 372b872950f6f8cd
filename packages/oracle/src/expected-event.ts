import { EventFragment, Interface, type ParamType } from "ethers";
import type { TransactionLog } from "./check.ts";

export interface ExpectedEvent {
  emitter: string;
  /** Human-readable ABI. */
  fragment: string;
  args: Record<string, string | boolean>;
}

/**
 * What is wrong with an expected event, or undefined: a fragment that is none, an argument it does not have, a value that
 * its type can't have or that the chain keeps as a hash only.
 */
export function problemOfEvent({ fragment, args }: ExpectedEvent): string | undefined {
  const event = eventOf(fragment);
  if (event === undefined) return `"${fragment}" is not an event as human-readable ABI`;
  for (const [name, value] of Object.entries(args)) {
    const input = event.inputs.find((candidate) => candidate.name === name);
    if (input === undefined) return `the event has no argument ${name}`;
    if (!isScalar(input)) return `the argument ${name} is ${input.type}; only single values can be compared`;
    if (input.indexed === true && (input.type === "string" || input.type === "bytes")) {
      return `the argument ${name} is an indexed ${input.type}, of which the chain keeps the hash only`;
    }
    if (plainOf(input, value) === undefined)
      return `the argument ${name} is ${input.type}, which can't be ${String(value)}`;
  }
  return undefined;
}

/** Whether one of the logs is the event, by its emitter, its fragment and all named arguments. */
export function findEvent(
  logs: readonly TransactionLog[],
  expected: ExpectedEvent,
): { found: true } | { found: false; reason: string } {
  const event = eventOf(expected.fragment);
  if (event === undefined) return { found: false, reason: `"${expected.fragment}" is not an event` };
  const coder = new Interface([event]);
  const emitted = logs
    .filter(({ address }) => address.toLowerCase() === expected.emitter.toLowerCase())
    .map((log) => parseLog(coder, log))
    .filter((args) => args !== undefined);
  if (emitted.length === 0) return { found: false, reason: `no ${event.name} of ${expected.emitter}` };
  const fits = emitted.some((args) =>
    event.inputs.every((input) => {
      const wanted = expected.args[input.name];
      return wanted === undefined || plainOf(input, wanted) === plainOf(input, args[input.name]);
    }),
  );
  return fits
    ? { found: true }
    : { found: false, reason: `${emitted.length} ${event.name} of ${expected.emitter}, none with the arguments` };
}

function eventOf(fragment: string): EventFragment | undefined {
  try {
    return EventFragment.from(fragment);
  } catch {
    // ethers throws on text that is no fragment, which is the answer.
    return undefined;
  }
}

function parseLog(coder: Interface, { topics, data }: TransactionLog): Record<string, unknown> | undefined {
  try {
    return coder.parseLog({ topics: [...topics], data })?.args.toObject();
  } catch {
    // A log of the same first topic with another layout: another event.
    return undefined;
  }
}

const isScalar = ({ baseType }: ParamType): boolean => baseType !== "array" && baseType !== "tuple";

/** A value as it is compared, or undefined where the type can't have it. */
function plainOf({ type }: ParamType, value: unknown): string | undefined {
  const text = String(value);
  if (/^u?int/.test(type)) return /^-?\d+$/.test(text) ? BigInt(text).toString() : undefined;
  if (type === "bool") return typeof value === "boolean" ? text : undefined;
  if (type === "address") return /^0x[0-9a-f]{40}$/i.test(text) ? text.toLowerCase() : undefined;
  if (type.startsWith("bytes")) return /^0x([0-9a-f]{2})*$/i.test(text) ? text.toLowerCase() : undefined;
  return text;
}
