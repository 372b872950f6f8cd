import {
  ApiError,
  type CheckResult,
  type EvidenceBundle,
  type VerdictReasons,
  escrowDomain,
  reasonsHashOf,
  signWord,
} from "@hireforhumans/protocol";
import type { KeySigner } from "@hireforhumans/signers";
import type { Logger } from "pino";
import type { Sources } from "../check.ts";
import { fingerprintsOf } from "../fingerprints.ts";
import { type Sketch, sketchesOf } from "../likeness/sketch.ts";
import type { RelayedRequest } from "../messages.ts";
import { runChecks } from "../pipeline.ts";
import { holdsFinding, validSeconds } from "../reasons.ts";
import type { ChainReader } from "./chain.ts";
import { requireProven } from "./proof.ts";
import type { FindingKey, NodeStore } from "./store.ts";

/** A verdict to be signed: what all who agree have in common, and until when it may be used (chain time). */
export interface CommonVerdict {
  worker: string;
  reasons: VerdictReasons;
  validUntilSeconds: bigint;
}

/** One node of the oracle: believes the chain, hashes and signatures, and remembers what it said. */
export interface OracleNode {
  address: string;
  /**
   * What it finds. Once it has signed a verdict on this evidence, what it found then.
   * @throws ApiError verification_refused; NodeUnreachable
   */
  find(request: RelayedRequest, openFile: Sources["openFile"]): Promise<CheckResult[]>;
  /**
   * Signs the verdict, where it is the one that this node came to and holds its finding as it was given.
   * @returns the signature, 65 bytes in hex
   * @throws ApiError verification_refused, verdict_conflict; NodeUnreachable
   */
  sign(verdict: CommonVerdict): Promise<string>;
}

export interface OracleNodeOptions {
  signer: KeySigner;
  escrow: string;
  chain: ChainReader;
  sources: Omit<Sources, "openFile">;
  store: NodeStore;
  log: Logger;
}

/** The gateway's chain may be some blocks ahead of this node's. */
const clockSlackSeconds = 3_600n;

export function createOracleNode({ signer, escrow, chain, sources, store, log }: OracleNodeOptions): OracleNode {
  const { chainId } = sources;
  const ground = { provider: chain, chainId, escrow, verifier: signer.address };

  async function requireFit(validUntilSeconds: bigint): Promise<void> {
    const now = await chain.timeSeconds();
    const latest = now + validSeconds + clockSlackSeconds;
    if (validUntilSeconds > now && validUntilSeconds <= latest) return;
    const detail = `The verdict would be valid until ${validUntilSeconds}; expected after ${now} and up to ${latest}.`;
    throw new ApiError("verification_refused", detail, { param: "valid_until" });
  }

  /** A file that can't be read leaves the checks of files unsure; nothing is said of likeness then. */
  async function sketchesFor(bundle: EvidenceBundle, openFile: Sources["openFile"]): Promise<Sketch[]> {
    try {
      return await sketchesOf(bundle, openFile);
    } catch (error) {
      log.warn({ err: error, job_id: bundle.job_id }, "evidence could not be sketched");
      return [];
    }
  }

  return {
    address: signer.address,
    async find(request, openFile) {
      const { bundle } = request;
      const key = { chainJobId: bundle.chain_job_id, worker: bundle.worker, evidenceHash: request.evidenceHash };
      const earlier = store.finding(key);
      if (earlier?.signed === true) return earlier.checks;
      await requireProven(request, ground);
      requireAllShown(store.rememberReviews(key, reviewJobsOf(request)));
      const seenBefore = store.rememberPieces(key.chainJobId, fingerprintsOf(bundle));
      const chainTimeSeconds = await chain.timeSeconds();
      const likeBefore = store.rememberSketches(key, await sketchesFor(bundle, openFile));
      const known = { ...request, seenBefore, likeBefore, chainTimeSeconds };
      const checks = await runChecks(known, { ...sources, openFile }, log);
      const { outcome, checks: standing } = store.keepFinding(key, bundle.job_id, checks);
      log.info({ job_id: bundle.job_id, chain_job_id: key.chainJobId, outcome }, "found");
      return standing;
    },
    async sign({ worker, reasons, validUntilSeconds }) {
      const key = { chainJobId: reasons.chain_job_id, worker, evidenceHash: reasons.evidence_hash };
      const finding = store.finding(key);
      if (finding === undefined) {
        throw new ApiError("verification_refused", `This node has not verified the evidence ${key.evidenceHash}.`, {
          param: "reasons.evidence_hash",
        });
      }
      if (finding.outcome === "unsure" || !holdsFinding(reasons, finding.checks)) throw conflict(key, finding.outcome);
      await requireFit(validUntilSeconds);
      const signature = await signWord(signer, escrowDomain(chainId, escrow), "Verdict", {
        jobId: key.chainJobId,
        worker,
        evidenceHash: key.evidenceHash,
        pass: finding.outcome === "pass",
        reasonsHash: reasonsHashOf(reasons),
        validUntil: validUntilSeconds,
      });
      // Nobody has the signature before it is on disk; of two that race for one finding, the second must be the same.
      if (!store.keepSignature(key, finding.checks, { reasons, validUntilSeconds, signature })) {
        throw conflict(key, finding.outcome);
      }
      log.info({ job_id: finding.jobId, chain_job_id: key.chainJobId, outcome: finding.outcome }, "signed");
      return signature;
    },
  };
}

const reviewJobsOf = ({ proof }: RelayedRequest): string[] => proof.reviews.map(({ bundle }) => bundle.chain_job_id);

/** An answer that was shown once counts for ever: else a gateway could ask on until enough of them please it. */
function requireAllShown(missing: readonly string[]): void {
  if (missing.length === 0) return;
  const detail = `The answers of the reviews ${missing.join(", ")} were shown before and are missing now.`;
  throw new ApiError("verification_refused", detail, { param: "reviews.answers" });
}

function conflict({ evidenceHash }: FindingKey, outcome: string): ApiError {
  return new ApiError(
    "verdict_conflict",
    `This node found ${outcome} on ${evidenceHash}; the reasons say otherwise, or do not hold what it found.`,
    { param: "reasons" },
  );
}
