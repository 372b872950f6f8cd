import { ZeroHash } from "ethers";
import { type ChainStatus, chainStatusOf, escrowInterface, type Terms } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { eventOf, type Mined, sendToEscrow } from "./send.ts";
import type { SignedVerdict } from "./sign-verdict.ts";

export interface ReleaseParameters {
  terms: Terms;
  evidenceHash: string;
  /** `reasonsHashOf` the readable reasons; zero where the client gives none. */
  reasonsHash?: string;
  /**
   * The verifier's pass, from `signVerdict`; without it the signer must be the client (or the job's operator) and this
   * is the client's own word.
   */
  verdict?: Pick<SignedVerdict, "validUntil" | "signature">;
}

export interface ReleaseResult extends Mined {
  worker: string;
  /** `paid`, or `approved` while the review window runs. */
  status: ChainStatus;
}

export type ReleaseError = ContractCallError<
  "WrongStatus" | "SenderNotAllowed" | "SpendingLimitExpired" | "SignatureInvalid" | "SignatureExpired"
>;

export function encodeRelease({ terms, evidenceHash, reasonsHash, verdict }: ReleaseParameters): string {
  return escrowInterface.encodeFunctionData("release", [
    terms,
    { evidenceHash, reasonsHash: reasonsHash ?? ZeroHash, validUntil: verdict?.validUntil ?? 0n },
    verdict?.signature ?? "0x",
  ]);
}

/**
 * Pays the worker: on the verifier's signed pass, carried by anyone, or on the client's own word.
 * @throws ReleaseError
 * @example const { status } = await escrow.release({ terms, evidenceHash, reasonsHash, verdict });
 */
export async function release(context: ChainContext, parameters: ReleaseParameters): Promise<ReleaseResult> {
  const { events, ...mined } = await sendToEscrow(context, "release", encodeRelease(parameters));
  const { args } = eventOf("release", "Released", events);
  return { ...mined, worker: args["worker"] as string, status: chainStatusOf(args["status"] as bigint) };
}
