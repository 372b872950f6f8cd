import { createHash } from "node:crypto";
import { evidenceHashOf, packetHashOf } from "@hireforhumans/protocol";
import { type Check, type Finding, fail, itemsOf, pass, type Sources, type VerificationRequest } from "../check.ts";

/** Is the evidence the one that was signed, for this job, and is each file what it is said to be, byte for byte? */
export const contentHash: Check<"content_hash"> = {
  name: "content_hash",
  async run(request, _, sources, signal) {
    const bound = boundToJob(request);
    if (bound !== undefined) return bound;
    const files = itemsOf(request.bundle, "file");
    for (const file of files) {
      const problem = await fileProblem(file, sources, signal);
      if (problem !== undefined) return problem;
    }
    return pass(
      files.length === 0
        ? "The evidence is the one that was signed, for this job."
        : `The evidence is the one that was signed, and the SHA-256 of all its files (${files.length}) is as stated.`,
    );
  },
};

function boundToJob({ packet, bundle, evidenceHash }: VerificationRequest): Finding | undefined {
  const packetHash = packetHashOf(packet);
  if (packetHash !== packet.packet_hash) {
    return fail(`The context packet's hash is ${packetHash}, but it states ${packet.packet_hash}.`);
  }
  const hash = evidenceHashOf(bundle);
  if (hash !== evidenceHash) return fail(`The evidence's hash is ${hash}, but ${evidenceHash} was signed.`);
  if (bundle.job_id !== packet.job_id) {
    return fail(`The evidence is for ${bundle.job_id}, but this job is ${packet.job_id}.`);
  }
  return undefined;
}

async function fileProblem(
  file: { sha256: string; name: string; size_bytes: number },
  sources: Sources,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const stored = await sources.openFile(file.sha256);
  if (stored === undefined) return fail(`The file "${file.name}" (${file.sha256}) was never uploaded.`);
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of stored.content) {
    signal.throwIfAborted();
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  if (size !== file.size_bytes) {
    return fail(`The file "${file.name}" has ${size} bytes, but the evidence states ${file.size_bytes}.`);
  }
  const actual = hash.digest("hex");
  return actual === file.sha256
    ? undefined
    : fail(`The file "${file.name}" has SHA-256 ${actual}, but the evidence states ${file.sha256}.`);
}
