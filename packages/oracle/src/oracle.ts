import {
  type CheckResult,
  type Outcome,
  type VerdictReasons,
  escrowDomain,
  reasonsHashOf,
  signWord,
} from "@hireforhumans/protocol";
import type { Signer } from "ethers";
import type { Logger } from "pino";
import type { Sources, VerificationRequest } from "./check.ts";
import { outcomeOf, runChecks } from "./pipeline.ts";

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
  /** The account that signs: a job's `verifier`. */
  address: string;
  /** Idempotent. @throws OracleUnavailable when an oracle elsewhere does not answer */
  verify(request: VerificationRequest): Promise<Verification>;
}

export interface OracleOptions {
  signer: Signer;
  escrow: string;
  sources: Sources;
  log: Logger;
}

/** Time enough to carry a verdict through any outage of a week; bounded, so that an old key's word ends. */
const validSeconds = 7n * 24n * 3600n;

/** An oracle in this process: runs the checks and signs what they say. */
export async function createOracle({ signer, escrow, sources, log }: OracleOptions): Promise<Oracle> {
  const domain = escrowDomain(sources.chainId, escrow);
  return {
    address: await signer.getAddress(),
    async verify(request) {
      const results = await runChecks(request, sources, log);
      const outcome = outcomeOf(results);
      const reasons: VerdictReasons = {
        version: 1,
        chain_job_id: request.bundle.chain_job_id,
        evidence_hash: request.evidenceHash,
        outcome,
        summary: summaryOf(outcome, results),
        checks: results,
      };
      const reasonsHash = reasonsHashOf(reasons);
      if (outcome === "unsure") return { outcome, reasons, reasonsHash, signed: null };
      const validUntilSeconds = request.chainTimeSeconds + validSeconds;
      const signature = await signWord(signer, domain, "Verdict", {
        jobId: request.bundle.chain_job_id,
        worker: request.bundle.worker,
        evidenceHash: request.evidenceHash,
        pass: outcome === "pass",
        reasonsHash,
        validUntil: validUntilSeconds,
      });
      return { outcome, reasons, reasonsHash, signed: { signature, validUntilSeconds } };
    },
  };
}

function summaryOf(outcome: Outcome, results: readonly CheckResult[]): string {
  const deciding = results.filter((result) => result.outcome === outcome);
  if (outcome === "pass") return `All ${results.length} checks passed.`;
  const names = [...new Set(deciding.map((result) => result.check))].join(", ");
  return outcome === "fail" ? `Failed: ${names}.` : `Could not be decided yet: ${names}.`;
}
