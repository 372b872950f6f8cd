import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  type ContextPacket,
  evidenceHashOf,
  type EvidenceBundle,
  packetHashOf,
  type Terms,
} from "@hireforhumans/protocol";
import { ZeroAddress, ZeroHash } from "ethers";
import { pino } from "pino";
import type { Judge } from "../src/rubric/judge.ts";
import type { Sources, TransactionState, VerificationRequest } from "../src/check.ts";

export const quiet = pino({ level: "silent" });
export const jobId = "job_01jd3v8q6ze5fr8wq1m4t7x2yk";
export const chainJobId = `0x${"5f".repeat(32)}`;
export const worker = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

export function packetWith(changes: Partial<ContextPacket> = {}): ContextPacket {
  const packet = {
    version: 1 as const,
    job_id: jobId,
    reason: "customer_support_escalation",
    goal: "The customer was charged twice; settle it.",
    question: null,
    summary: null,
    transcript: [],
    entities: {},
    attempts: [],
    user_confirmed: [],
    constraints: [],
    attachments: [],
    acceptance: { required_evidence: [], checks: [], reviewers: 0 },
    response_schema: null,
    response_options: [],
    state: null,
    deadline_at: "2026-01-31T09:30:00.000Z",
    redactions: [],
    ...changes,
  };
  return { ...packet, packet_hash: packetHashOf(packet) };
}

export function bundleWith(items: EvidenceBundle["items"], changes: Partial<EvidenceBundle> = {}): EvidenceBundle {
  return {
    version: 1,
    job_id: jobId,
    chain_job_id: chainJobId,
    round: 0,
    worker,
    resolution: "The second charge was refunded.",
    worker_notes: "",
    items,
    ...changes,
  };
}

/** Of a job that no chain has; an oracle in the gateway's process does not look at them. */
const terms: Terms = {
  client: ZeroAddress,
  worker: ZeroAddress,
  matcher: ZeroAddress,
  verifier: ZeroAddress,
  arbiter: ZeroAddress,
  reward: 1_000_000n,
  minReputation: 0n,
  backstopShareBps: 0n,
  deadline: 1_800_003_600n,
  workWindow: 600n,
  verifyWindow: 600n,
  reviewWindow: 0n,
  domain: ZeroHash,
  specHash: ZeroHash,
  salt: ZeroHash,
};

export function requestWith(
  acceptance: Partial<ContextPacket["acceptance"]>,
  items: EvidenceBundle["items"],
  changes: Partial<VerificationRequest> = {},
): VerificationRequest {
  const bundle = bundleWith(items);
  return {
    packet: packetWith({ acceptance: { required_evidence: [], checks: [], reviewers: 0, ...acceptance } }),
    bundle,
    evidenceHash: evidenceHashOf(bundle),
    chainTimeSeconds: 1_800_000_000n,
    confirmations: [],
    seenBefore: [],
    proof: { terms, accept: undefined, submit: { validUntilSeconds: 0n, signature: "0x" }, reviews: [] },
    likeBefore: [],
    ...changes,
  };
}

/** The world that the checks see, in memory. */
export function sourcesWith(
  world: {
    judge?: Judge;
    files?: Uint8Array[];
    answers?: Record<string, { status: number; body: string }>;
    transactions?: Record<string, TransactionState>;
  } = {},
): Sources {
  const files = new Map((world.files ?? []).map((bytes) => [sha256(bytes), bytes]));
  return {
    chainId: 31337,
    ...(world.judge === undefined ? {} : { judge: world.judge }),
    openFile: (hash) => {
      const bytes = files.get(hash);
      return Promise.resolve(bytes && { size: bytes.length, content: Readable.from([Buffer.from(bytes)]) });
    },
    fetch: (url) => {
      const answer = world.answers?.[url.toString()];
      return answer === undefined
        ? Promise.reject(new Error("connect ECONNREFUSED 10.0.0.7:443"))
        : Promise.resolve(answer);
    },
    transaction: (chainId, hash) =>
      chainId === 31337 ? Promise.resolve(world.transactions?.[hash] ?? { state: "unknown" }) : undefined,
  };
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export function fileItem(bytes: Uint8Array, changes: { name?: string; size_bytes?: number; sha256?: string } = {}) {
  return {
    kind: "file" as const,
    sha256: sha256(bytes),
    name: "receipt.pdf",
    media_type: "application/pdf",
    size_bytes: bytes.length,
    ...changes,
  };
}
