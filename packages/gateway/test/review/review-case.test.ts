import { describe, expect, it } from "vitest";
import { type EvidenceBundle, evidenceBundleSchema, jobCreateSchema } from "@hireforhumans/protocol";
import { buildPacket } from "../../src/handoff/packet.ts";
import { KnownValues } from "../../src/handoff/known-values.ts";
import { scrub, scrubLightly } from "../../src/handoff/scrub.ts";
import { linkingNetworkOf } from "../../src/review/networks.ts";
import { reviewCaseOf } from "../../src/review/review-case.ts";

const jobId = "job_01jd3v8q6ze5fr8wq1m4t7x2yk";
const worker = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

function shown(items: EvidenceBundle["items"], context: object = {}) {
  const request = jobCreateSchema.parse({
    category: "support",
    description: "Der Kunde wurde doppelt belastet. Rufen Sie an.",
    context: { customer_id: "c_1042", customer_name: "Grace Hopper", ...context },
    reward: "40.00",
    deadline_minutes: 30,
  });
  const { packet } = buildPacket({ jobId, request, deadlineAt: new Date() });
  const bundle = evidenceBundleSchema.parse({
    version: 1,
    job_id: jobId,
    chain_job_id: `0x${"5f".repeat(32)}`,
    round: 0,
    worker,
    resolution: "Erledigt.",
    worker_notes: "",
    items,
  });
  return reviewCaseOf(packet, bundle, ["Ada Lovelace"], (sha256) => `https://gateway.example/v1/files/${sha256}`);
}

describe("a case as its reviewers see it", () => {
  it("can be read in any language, with its amounts", () => {
    const { goal, evidence } = shown([
      { kind: "text", text: "Ich habe Grace Hopper 25,50 Euro bei Stripe erstattet." },
      { kind: "text", text: "已经退款给客户。" },
    ]);
    expect(goal).toBe("Der Kunde wurde doppelt belastet. Rufen Sie an.");
    expect(evidence.map(({ content }) => content)).toEqual([
      "Ich habe [value] 25,50 Euro bei Stripe erstattet.",
      "已经退款给客户。",
    ]);
  });

  it("names nobody: parties, the packet's values, addresses and long numbers go, in the names of members too", () => {
    const text = `Ada Lovelace (${worker}) wrote to grace@example.com, card 4111 1111 1111 1111, for c_1042 and Hopper.`;
    const value = { "Ada Lovelace": "c_1042", "ada@example.com": 4111111111111111 };
    const told = JSON.stringify(
      shown([
        { kind: "text", text },
        { kind: "json", value },
      ]),
    );
    for (const secret of ["Ada", "Lovelace", worker, "grace", "ada@", "4111", "c_1042", "Hopper"]) {
      expect(told).not.toContain(secret);
    }
  });

  it("takes no longer than its length", () => {
    for (const hostile of ["a", "(", "+", "a1", "@", "。", "漢", "A ", "1 ", "www.", "name is "]) {
      const text = hostile.repeat(100_000 / hostile.length);
      const startedMs = performance.now();
      const known = new KnownValues().add(["Grace Hopper"]);
      scrub(text, known);
      scrubLightly(text, known);
      expect(performance.now() - startedMs, hostile).toBeLessThan(3_000);
    }
  });
});

describe("the network of an address", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::ffff:cb00:7107", "203.0.113.7"],
    ["::ffff:10.1.2.3", undefined],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["127.0.0.1", undefined],
    ["10.1.2.3", undefined],
    ["fe80::1", undefined],
    ["garbage", undefined],
    ["", undefined],
  ])("%s is %s", (ip, network) => {
    expect(linkingNetworkOf(ip)).toBe(network);
  });
});
