import { addressWord, bytes32Word, callData, encodeBytes, encodeBytesList, uintWord } from "./abi.ts";
import { escrowInterface } from "./contracts.ts";
import type { Words } from "./eip712.ts";
import { type Terms, encodeTerms } from "./terms.ts";

type Verdict = Pick<Words["Verdict"], "evidenceHash" | "reasonsHash" | "validUntil">;

const selectorOf = (name: Parameters<typeof escrowInterface.getFunction>[0]): string =>
  escrowInterface.getFunction(name).selector;

/** ethers hashes the signature of a function anew each time that it is asked. */
const selectors = {
  fund: selectorOf("fund"),
  fundWithAuthorization: selectorOf("fundWithAuthorization"),
  cancel: selectorOf("cancel"),
  accept: selectorOf("accept"),
  submit: selectorOf("submit"),
  release: selectorOf("release"),
  reject: selectorOf("reject"),
  reopen: selectorOf("reopen"),
  refund: selectorOf("refund"),
  settle: selectorOf("settle"),
  multicall: selectorOf("multicall"),
  tryMulticall: selectorOf("tryMulticall"),
};

const ofTerms = (selector: string) => (terms: Terms) => callData(selector, encodeTerms(terms));

const ofVerdict = (selector: string) => (terms: Terms, verdict: Verdict, signature: string) =>
  callData(
    selector,
    encodeTerms(terms) +
      bytes32Word(verdict.evidenceHash) +
      bytes32Word(verdict.reasonsHash) +
      uintWord(verdict.validUntil),
    encodeBytes(signature),
  );

const ofCalls = (selector: string) => (calls: readonly string[]) => callData(selector, "", encodeBytesList(calls));

/**
 * The escrow's functions by which jobs move, as call data. Times in unix seconds; signatures, calls and hashes as 0x hex.
 * Each throws a RangeError or TypeError for a value that does not fit.
 */
export const escrowCalls = {
  fund: ofTerms(selectors.fund),
  fundWithAuthorization: (terms: Terms, validAfter: bigint, validBefore: bigint, signature: string) =>
    callData(
      selectors.fundWithAuthorization,
      encodeTerms(terms) + uintWord(validAfter) + uintWord(validBefore),
      encodeBytes(signature),
    ),
  cancel: (terms: Terms, validUntil: bigint, signature: string) =>
    callData(selectors.cancel, encodeTerms(terms) + uintWord(validUntil), encodeBytes(signature)),
  accept: (terms: Terms, worker: string, validUntil: bigint, signature: string) =>
    callData(selectors.accept, encodeTerms(terms) + addressWord(worker) + uintWord(validUntil), encodeBytes(signature)),
  submit: (terms: Terms, evidenceHash: string, validUntil: bigint, signature: string) =>
    callData(
      selectors.submit,
      encodeTerms(terms) + bytes32Word(evidenceHash) + uintWord(validUntil),
      encodeBytes(signature),
    ),
  release: ofVerdict(selectors.release),
  reject: ofVerdict(selectors.reject),
  reopen: ofTerms(selectors.reopen),
  refund: ofTerms(selectors.refund),
  settle: ofTerms(selectors.settle),
  multicall: ofCalls(selectors.multicall),
  tryMulticall: ofCalls(selectors.tryMulticall),
};
