import { type Outcome, type VerdictReasons, escrowDomain, reasonsHashOf, signWord } from "@hireforhumans/protocol";
import type { Signer } from "ethers";
import type { Logger } from "pino";
import type { Sources, VerificationRequest } from "./check.ts";
import { runChecks } from "./pipeline.ts";
import { reasonsOf, validSeconds } from "./reasons.ts";

/** What an oracle says of one worker's evidence. */
export interface Verification {
  outcome: Outcome;
  reasons: VerdictReasons;
  /** keccak256 of the reasons' canonical JSON. */
  reasonsHash: string;
  /** The EIP-712 `Verdict`; null while unsure: nothing is signed then. */
  signed: { signature: string; validUntilSeconds: bigint } | null;
}

export interface Oracle {
  /** The `verifier` of new jobs. */
  readonly address: string;
  /** Idempotent. @throws OracleUnavailable when oracles elsewhere do not answer, or too few of them */
  verify(request: VerificationRequest): Promise<Verification>;
  /** Looks whether new jobs have to name another verifier by now. */
  follow(): Promise<void>;
}

export interface OracleOptions {
  signer: Signer;
  escrow: string;
  sources: Sources;
  log: Logger;
}

/** An oracle in this process: runs the checks and signs what they say. */
export async function createOracle({ signer, escrow, sources, log }: OracleOptions): Promise<Oracle> {
  const domain = escrowDomain(sources.chainId, escrow);
  return {
    address: await signer.getAddress(),
    follow: () => Promise.resolve(),
    async verify(request) {
      const { bundle, evidenceHash } = request;
      const checks = await runChecks(request, sources, log);
      const reasons = reasonsOf({ chainJobId: bundle.chain_job_id, evidenceHash }, checks);
      const { outcome } = reasons;
      const reasonsHash = reasonsHashOf(reasons);
      if (outcome === "unsure") return { outcome, reasons, reasonsHash, signed: null };
      const validUntilSeconds = request.chainTimeSeconds + validSeconds;
      const signature = await signWord(signer, domain, "Verdict", {
        jobId: bundle.chain_job_id,
        worker: bundle.worker,
        evidenceHash,
        pass: outcome === "pass",
        reasonsHash,
        validUntil: validUntilSeconds,
      });
      return { outcome, reasons, reasonsHash, signed: { signature, validUntilSeconds } };
    },
  };
}
