import { keccak256, toUtf8Bytes } from "ethers";
import { describe, expect, it } from "vitest";
import {
  canonicalJson,
  evidenceBundleSchema,
  evidenceHashOf,
  evidenceItemSchema,
  type EvidenceBundle,
  fileNameSchema,
  hashOf,
  type ContextPacket,
  packetHashOf,
} from "@hireforhumans/protocol";

const sent: EvidenceBundle = {
  version: 1,
  job_id: "job_01jd3v8q6ze5fr8wq1m4t7x2yk",
  chain_job_id: `0x${"5f".repeat(32)}`,
  round: 0,
  worker: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
  resolution: " Refunded the second charge.\n",
  worker_notes: "",
  items: [{ kind: "text", text: "Chat log …" }],
};
const bundle = evidenceBundleSchema.parse(sent);

describe("documents whose hash goes on chain", () => {
  it("are hashed over canonical JSON (RFC 8785) with keccak256", () => {
    expect(canonicalJson({ b: 1, a: [1e21, "é", null] })).toBe('{"a":[1e+21,"é",null],"b":1}');
    expect(hashOf({ b: 1, a: 2 })).toBe(keccak256(toUtf8Bytes('{"a":2,"b":1}')));
  });

  it("have one hash however their members are ordered or were sent", () => {
    const reordered = Object.fromEntries(Object.entries(bundle).reverse());
    expect(evidenceHashOf(reordered as typeof bundle)).toBe(evidenceHashOf(bundle));
  });

  it("are hashed as they were written: checking changes nothing in them", () => {
    expect(bundle).toEqual(sent);
    expect(evidenceHashOf(bundle)).toBe(evidenceHashOf(sent));
  });

  it("have another hash for another job, round, worker or word", () => {
    const others = [
      { ...bundle, job_id: "job_01jd3v8q6ze5fr8wq1m4t7x2yj" },
      { ...bundle, round: 1 },
      { ...bundle, worker: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC" },
      { ...bundle, resolution: "Refunded the second charge" },
    ];
    expect(new Set([bundle, ...others].map(evidenceHashOf)).size).toBe(5);
  });

  it("can't be what JSON can't hold", () => {
    expect(() => canonicalJson(undefined)).toThrow(TypeError);
  });

  it("is a packet's without the member that holds the hash", () => {
    const packet = { version: 1, goal: "Call back." } as ContextPacket;
    expect(packetHashOf({ ...packet, packet_hash: `0x${"00".repeat(32)}` } as ContextPacket)).toBe(
      packetHashOf(packet),
    );
  });
});

describe("evidence items", () => {
  it.each([
    { kind: "text", text: "x" },
    { kind: "json", value: { refunded: true } },
    { kind: "file", sha256: "a3".repeat(32), name: "receipt.pdf", media_type: "application/pdf", size_bytes: 10 },
    { kind: "link", url: "https://status.example/42" },
    { kind: "customer_confirmation", token_hash: "a3".repeat(32) },
    { kind: "http_confirmation", reference: "T-42" },
    { kind: "transaction", chain_id: 137, hash: `0x${"5f".repeat(32)}` },
  ])("can be $kind", (item) => {
    expect(evidenceItemSchema.parse(item)).toEqual(item);
  });

  it.each([
    { kind: "telepathy" },
    { kind: "text", text: "" },
    { kind: "text", text: "x", sha256: "a3".repeat(32) },
    { kind: "file", sha256: "A3", name: "a", media_type: "a/b", size_bytes: 1 },
    { kind: "link", url: "file:///etc/passwd" },
  ])("can't be %j", (item) => {
    expect(evidenceItemSchema.safeParse(item).success).toBe(false);
  });
});

describe("file names", () => {
  it.each(["receipt.pdf", "Rechnung März.pdf", ".hidden", "a..b", "報告.docx"])("may be %j", (name) => {
    expect(fileNameSchema.safeParse(name).success).toBe(true);
  });

  it.each(["", ".", "..", "../x", "a/b", "a\\b", "/etc/passwd", "C:\\x", "a\0b", "a\nb", "x".repeat(256)])(
    "may not be %j",
    (name) => {
      expect(fileNameSchema.safeParse(name).success).toBe(false);
    },
  );
});
