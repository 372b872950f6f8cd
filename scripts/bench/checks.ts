import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { runChecks, type Sources, type VerificationRequest } from "@hireforhumans/oracle";
import { type EvidenceItem, evidenceHashOf, packetHashOf } from "@hireforhumans/protocol";
import { ZeroAddress, ZeroHash } from "ethers";
import { pino } from "pino";
import { type Figure, timesOf } from "./figures.ts";

const jobId = "job_01jd3v8q6ze5fr8wq1m4t7x2yk";

/** The automatic checks of one process, one evidence after the other: short and long texts, and a document. */
export async function measureChecks(runs: number): Promise<Figure[]> {
  const files = new Map<string, Buffer>();
  const document = Buffer.concat([Buffer.from("%PDF-1.7\n"), randomBytes(10 * 1024 * 1024), Buffer.from("\n%%EOF\n")]);
  const sha256 = createHash("sha256").update(document).digest("hex");
  files.set(sha256, document);
  const file = {
    kind: "file" as const,
    sha256,
    name: "a.pdf",
    media_type: "application/pdf",
    size_bytes: document.length,
  };
  const text = (length: number): EvidenceItem => ({
    kind: "text",
    text: randomBytes(length).toString("hex").slice(0, length),
  });
  const json: EvidenceItem = { kind: "json", value: { refund_id: "re_1", amount: "12.00" } };
  return [
    ...timesOf(
      "checks.text",
      "checks of a text of 2,000 characters and JSON by a schema",
      await times(runs, () => [text(2_000), json], files),
      150,
    ),
    ...timesOf(
      "checks.long",
      "checks of a text of 100,000 characters and JSON by a schema",
      await times(runs, () => [text(100_000), json], files),
      150,
    ),
    ...timesOf(
      "checks.document",
      "checks of a PDF of 10 MiB",
      await times(Math.ceil(runs / 5), () => [file, json], files),
      1000,
    ),
  ];
}

async function times(runs: number, itemsOf: () => EvidenceItem[], files: Map<string, Buffer>): Promise<number[]> {
  const measured: number[] = [];
  for (let run = -5; run < runs; run++) {
    const request = requestOf(itemsOf());
    const begun = performance.now();
    const results = await runChecks(request, sourcesOf(files), pino({ level: "silent" }));
    if (run >= 0) measured.push(performance.now() - begun);
    const bad = results.find(({ outcome }) => outcome !== "pass");
    if (bad !== undefined) throw new Error(`${bad.check} did not pass: ${bad.reason}`);
  }
  return measured;
}

function requestOf(items: EvidenceItem[]): VerificationRequest {
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
    response_schema: { type: "object", required: ["refund_id"], properties: { refund_id: { type: "string" } } },
    response_options: [],
    state: null,
    deadline_at: "2026-01-31T09:30:00.000Z",
    redactions: [],
  };
  const bundle = {
    version: 1 as const,
    job_id: jobId,
    chain_job_id: ZeroHash,
    round: 0,
    worker: ZeroAddress,
    resolution: "The second charge was refunded.",
    worker_notes: "",
    items,
  };
  const terms = {
    client: ZeroAddress,
    worker: ZeroAddress,
    matcher: ZeroAddress,
    verifier: ZeroAddress,
    arbiter: ZeroAddress,
    reward: 1_000_000n,
    minReputation: 0n,
    backstopShareBps: 0n,
    deadline: 0n,
    workWindow: 0n,
    verifyWindow: 0n,
    reviewWindow: 0n,
    domain: ZeroHash,
    specHash: ZeroHash,
    salt: ZeroHash,
  };
  return {
    packet: { ...packet, packet_hash: packetHashOf(packet) },
    bundle,
    evidenceHash: evidenceHashOf(bundle),
    chainTimeSeconds: 0n,
    confirmations: [],
    seenBefore: [],
    likeBefore: [],
    proof: { terms, accept: undefined, submit: { validUntilSeconds: 0n, signature: "0x" }, reviews: [] },
  };
}

function sourcesOf(files: Map<string, Buffer>): Sources {
  return {
    chainId: 31337,
    openFile: (sha256) => {
      const content = files.get(sha256);
      return Promise.resolve(content && { size: content.length, content: Readable.from(chunksOf(content)) });
    },
    fetch: () => Promise.reject(new Error("nothing is asked here")),
    transaction: () => undefined,
  };
}

/** As a file comes from a disk. */
function* chunksOf(content: Buffer): Generator<Buffer> {
  for (let start = 0; start < content.length; start += 65_536) yield content.subarray(start, start + 65_536);
}
