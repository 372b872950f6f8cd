import {
  type CheckResult,
  type Outcome,
  type VerdictReasons,
  escrowDomain,
  hashWord,
  isSignedByKey,
  reasonsHashOf,
  type MemberSignature,
} from "@hireforhumans/protocol";
import type { Provider } from "ethers";
import type { Logger } from "pino";
import type { VerificationRequest } from "../check.ts";
import type { Oracle, Verification } from "../oracle.ts";
import { outcomeOf } from "../pipeline.ts";
import { commonReasons, holdsFinding, type MemberFinding, type Subject, validSeconds } from "../reasons.ts";
import type { CommonWords, NodeClient } from "./node-client.ts";
import { newestSuccessor, type Quorum, quorumOfCommittee, quorumOfOne } from "./quorum.ts";

/** Too few oracles elsewhere answered, or not as oracles; asking again later helps. */
export class OracleUnavailable extends Error {
  override readonly name = "OracleUnavailable";
}

export interface CommitteeOptions {
  nodes: readonly NodeClient[];
  /** The committee's address; undefined: the only node is the verifier itself. */
  committee: string | undefined;
  provider: Provider;
  chainId: number;
  escrow: string;
  log: Logger;
  /** A node did not answer, refused, or signed what it was not asked for. */
  onNodeFailed: (verifier: string) => void;
}

/**
 * An oracle of nodes elsewhere, as many of which have to agree as the job's verifier takes. All are asked at once: first
 * what they find, then, as soon as enough of them found the same, for their signatures of the reasons that they have in
 * common. Who is slow, away, or lies is not needed for either.
 * @throws RangeError where the nodes are too few for the committee; ethers' errors where the chain does not answer
 */
export async function createCommittee(options: CommitteeOptions): Promise<Oracle> {
  const { nodes, committee, provider } = options;
  const quorums = new Map<string, Promise<Quorum>>();
  let newest = committee ?? nodes[0]?.address ?? "";

  function quorumOf(verifier: string): Promise<Quorum> {
    const known = quorums.get(verifier);
    if (known !== undefined) return known;
    const isNode = nodes.some(({ address }) => address === verifier);
    const reading = isNode ? Promise.resolve(quorumOfOne(verifier)) : quorumOfCommittee(provider, verifier);
    quorums.set(verifier, reading);
    reading.catch(() => quorums.delete(verifier));
    return reading;
  }

  async function follow(): Promise<void> {
    if (committee === undefined) return;
    const found = await newestSuccessor(provider, committee);
    const { members, threshold } = await quorumOf(found);
    const reachable = nodes.filter(({ address }) => members.includes(address)).length;
    if (reachable < threshold) {
      throw new RangeError(
        `ORACLE_NODES has ${reachable} of the ${members.length} members of the committee ${found}; its verdicts take ${threshold}.`,
      );
    }
    newest = found;
  }

  await follow();
  return {
    get address() {
      return newest;
    },
    follow,
    async verify(request) {
      const quorum = await quorumOf(request.proof.terms.verifier);
      const done = new AbortController();
      try {
        return await new Round(options, quorum, request, done.signal).verify();
      } finally {
        done.abort();
      }
    },
  };
}

/** One verification by the nodes of one quorum. */
class Round {
  readonly #options: CommitteeOptions;
  readonly #quorum: Quorum;
  readonly #request: VerificationRequest;
  readonly #done: AbortSignal;
  readonly #nodes: readonly NodeClient[];
  readonly #found = new Map<string, CheckResult[]>();
  /** One for each node, ended once it has answered or failed. */
  #hearing: Promise<void>[] = [];

  constructor(options: CommitteeOptions, quorum: Quorum, request: VerificationRequest, done: AbortSignal) {
    this.#options = options;
    this.#quorum = quorum;
    this.#request = request;
    this.#done = done;
    this.#nodes = options.nodes.filter(({ address }) => quorum.members.includes(address));
  }

  async verify(): Promise<Verification> {
    this.#hearing = this.#nodes.map((node) => this.#hear(node));
    await whenEnough(this.#hearing, () => this.#agreed() !== undefined);
    const outcome = this.#agreed();
    if (outcome === "pass" || outcome === "fail") return this.#decide(outcome);
    this.#requireAnswers();
    // Where they don't agree, what weighs against the evidence is told, so that nobody takes it for almost paid.
    const reasons = commonReasons(this.#subject(), outcome ?? this.#harshest(), this.#findings());
    const undecided = { ...reasons, outcome: "unsure" as const, summary: this.#undecidedSummary(outcome, reasons) };
    return { outcome: "unsure", reasons: undecided, reasonsHash: reasonsHashOf(undecided), signed: null };
  }

  async #hear(node: NodeClient): Promise<void> {
    const checks = await this.#attempt(node, () => node.find(this.#request, this.#done));
    if (checks !== undefined) this.#found.set(node.address, checks);
  }

  /** Signatures of the reasons that are there as soon as enough agree; of all that were found by the end, if those fail. */
  async #decide(outcome: "pass" | "fail"): Promise<Verification> {
    const early = commonReasons(this.#subject(), outcome, this.#findings());
    const signed = await this.#signaturesOf(early);
    if (signed.length >= this.#quorum.threshold) return this.#verificationOf(early, signed);
    const late = commonReasons(this.#subject(), outcome, this.#findings());
    if (reasonsHashOf(late) !== reasonsHashOf(early)) {
      const again = await this.#signaturesOf(late);
      if (again.length >= this.#quorum.threshold) return this.#verificationOf(late, again);
    }
    throw new OracleUnavailable(
      `${signed.length} of ${this.#quorum.threshold} members signed that they found ${outcome}.`,
    );
  }

  async #signaturesOf(reasons: VerdictReasons): Promise<MemberSignature[]> {
    const signatures: MemberSignature[] = [];
    const signing = this.#nodes.map(async (node, index) => {
      await this.#hearing[index];
      const checks = this.#found.get(node.address);
      if (checks === undefined || !holdsFinding(reasons, checks)) return;
      const signature = await this.#attempt(node, () => this.#signatureOf(node, reasons));
      if (signature !== undefined) signatures.push({ member: node.address, signature });
    });
    await whenEnough(signing, () => signatures.length >= this.#quorum.threshold);
    return signatures.slice(0, this.#quorum.threshold);
  }

  async #signatureOf(node: NodeClient, reasons: VerdictReasons): Promise<string> {
    const signature = await node.sign(this.#wordsOf(reasons), this.#done);
    const { chainId, escrow } = this.#options;
    if (isSignedByKey(escrowDomain(chainId, escrow), "Verdict", this.#verdictOf(reasons), signature, node.address)) {
      return signature;
    }
    throw new Error("the signature is not its own over these reasons");
  }

  #verificationOf(reasons: VerdictReasons, signatures: MemberSignature[]): Verification {
    const { chainId, escrow } = this.#options;
    const { validUntilSeconds } = this.#wordsOf(reasons);
    const digest = hashWord(escrowDomain(chainId, escrow), "Verdict", this.#verdictOf(reasons));
    const signature = this.#quorum.encode(digest, signatures);
    const { outcome } = reasons;
    return { outcome, reasons, reasonsHash: reasonsHashOf(reasons), signed: { signature, validUntilSeconds } };
  }

  #wordsOf(reasons: VerdictReasons): CommonWords {
    const { bundle, chainTimeSeconds } = this.#request;
    return { worker: bundle.worker, reasons, validUntilSeconds: chainTimeSeconds + validSeconds };
  }

  #verdictOf(reasons: VerdictReasons) {
    const { worker, validUntilSeconds } = this.#wordsOf(reasons);
    return {
      jobId: reasons.chain_job_id,
      worker,
      evidenceHash: reasons.evidence_hash,
      pass: reasons.outcome === "pass",
      reasonsHash: reasonsHashOf(reasons),
      validUntil: validUntilSeconds,
    };
  }

  #subject(): Subject {
    return { chainJobId: this.#request.bundle.chain_job_id, evidenceHash: this.#request.evidenceHash };
  }

  #findings(): MemberFinding[] {
    return [...this.#found].map(([verifier, checks]) => ({ verifier, checks }));
  }

  #counts(): Record<Outcome, number> {
    const counts = { pass: 0, fail: 0, unsure: 0 };
    for (const checks of this.#found.values()) counts[outcomeOf(checks)] += 1;
    return counts;
  }

  #agreed(): Outcome | undefined {
    const counts = this.#counts();
    return (["pass", "fail", "unsure"] as const).find((outcome) => counts[outcome] >= this.#quorum.threshold);
  }

  #harshest(): Outcome {
    const counts = this.#counts();
    return (["fail", "unsure", "pass"] as const).find((outcome) => counts[outcome] > 0) ?? "unsure";
  }

  #undecidedSummary(agreed: Outcome | undefined, { summary }: VerdictReasons): string {
    if (agreed !== undefined) return summary;
    const { pass, fail, unsure } = this.#counts();
    return `The verifiers do not agree: ${pass} pass, ${fail} fail, ${unsure} unsure; ${this.#quorum.threshold} have to.`;
  }

  #requireAnswers(): void {
    const { threshold, members } = this.#quorum;
    if (this.#found.size >= threshold) return;
    throw new OracleUnavailable(
      `${this.#found.size} of ${members.length} members answered; a verdict takes ${threshold}.`,
    );
  }

  /** @returns undefined where it failed, which the log tells */
  async #attempt<Answer>(node: NodeClient, ask: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (this.#done.aborted) return undefined;
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log.warn({ verifier: node.address, job_id: this.#request.bundle.job_id, reason }, "a node failed");
      this.#options.onNodeFailed(node.address);
      return undefined;
    }
  }
}

/** Resolves once `enough` holds, which is asked whenever one has ended, or when all have. */
function whenEnough(running: readonly Promise<void>[], enough: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    for (const each of running) {
      each.then(() => {
        if (enough()) resolve();
      }, reject);
    }
    Promise.all(running).then(() => resolve(), reject);
  });
}
