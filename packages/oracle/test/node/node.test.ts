import {
  type CheckResult,
  escrowDomain,
  isSignedByKey,
  reasonsHashOf,
  type Terms,
  type VerdictReasons,
} from "@hireforhumans/protocol";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deployLocalCommittee } from "../../../../scripts/chain/deploy-local.ts";
import type { VerificationRequest } from "../../src/check.ts";
import { reasonsOf } from "../../src/reasons.ts";
import { nobody, startWorld, stranger, token, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const hour = 3_600;

async function commonOf(
  request: VerificationRequest,
): Promise<{ worker: string; reasons: VerdictReasons; valid_until: number }> {
  const { body } = await world.verify(request);
  const subject = { chainJobId: request.bundle.chain_job_id, evidenceHash: request.evidenceHash };
  const reasons = reasonsOf(subject, body["checks"] as CheckResult[]);
  return { worker: request.bundle.worker, reasons, valid_until: (await world.stage.chain.timeSeconds()) + hour };
}

/** What a gateway sends of a job with terms that have these changes. */
async function honestUnder(changes: Partial<Terms>, fund = true): Promise<VerificationRequest> {
  const { stage } = world;
  const { proof } = await world.honest();
  const wanted = { specHash: proof.terms.specHash, ...changes };
  const terms = await (fund ? stage.funded(wanted) : stage.terms(wanted));
  const made = await world.honest(undefined, { chain_job_id: stage.idOf(terms) });
  return { ...made, proof: { ...made.proof, terms } };
}

describe("POST /v1/verify", () => {
  it("finds what stands by the chain, the hashes and the worker's word", async () => {
    const { status, body } = await world.verify(await world.honest());
    expect(status).toBe(200);
    expect(body["verifier"]).toBe(world.signer.address);
    const checks = body["checks"] as CheckResult[];
    expect(checks.map(({ check }) => check)).toContain("content_hash");
    expect(checks.filter(({ outcome }) => outcome !== "pass")).toEqual([]);
  });

  it("finds so too for a committee that it is a member of", async () => {
    const committee = await deployLocalCommittee(world.stage.chain.url, 1, [world.signer.address, nobody]);
    expect((await world.verify(await honestUnder({ verifier: committee }))).status).toBe(200);
  });

  const untrue: [
    string,
    string,
    (request: VerificationRequest) => VerificationRequest | Promise<VerificationRequest>,
  ][] = [
    [
      "terms that are not the job's",
      "terms",
      (r) => ({ ...r, proof: { ...r.proof, terms: { ...r.proof.terms, reward: 1n } } }),
    ],
    ["a job that was never funded", "terms", () => honestUnder({}, false)],
    ["a job of another verifier", "terms.verifier", () => honestUnder({ verifier: nobody })],
    ["a packet with another rubric", "packet", (r) => ({ ...r, packet: { ...r.packet, goal: "Anything." } })],
    ["evidence of another hash", "bundle", (r) => ({ ...r, bundle: { ...r.bundle, resolution: "Another." } })],
    ["evidence of another round", "bundle.round", () => world.honest(undefined, { round: 1 })],
    [
      "an acceptance that the worker never gave",
      "accept",
      (r) => ({ ...r, proof: { ...r.proof, accept: { ...r.proof.submit } } }),
    ],
    ["no acceptance", "bundle.worker", (r) => ({ ...r, proof: { ...r.proof, accept: undefined } })],
    [
      "a submission that the worker never signed",
      "submit",
      (r) => ({ ...r, proof: { ...r.proof, submit: r.proof.accept! } }),
    ],
    ["evidence in another worker's name", "accept", () => world.honest(undefined, { worker: stranger.address })],
  ];

  it.each(untrue)("refuses %s", async (_, param, falsify) => {
    const { status, body } = await world.verify(await falsify(await world.honest()));
    expect({ status, code: body["code"], param: body["param"] }).toEqual({
      status: 422,
      code: "verification_refused",
      param,
    });
  });

  it("refuses whoever does not have the secret, and what is no request", async () => {
    const message = world.message(await world.honest());
    expect((await world.post("/v1/verify", message, "Bearer guess")).status).toBe(401);
    expect((await world.post("/v1/verify", message, "")).status).toBe(401);
    expect(await world.post("/v1/verify", {})).toMatchObject({ status: 422, body: { code: "invalid_request" } });
    expect((await world.post("/v1/verify", "x".repeat(5_000_000))).status).toBe(413);
  });

  it("tells a piece of evidence again that stood in another job, by what it saw itself, and not the other way round", async () => {
    const items = [{ kind: "transaction" as const, chain_id: 31337, hash: `0x${"ab".repeat(32)}` }];
    const [original, copy] = [await world.honest(items), await world.honest(items)];
    const duplicateOf = async (request: VerificationRequest) =>
      ((await world.verify(request)).body["checks"] as CheckResult[]).find(({ check }) => check === "duplicate")
        ?.outcome;
    expect(await duplicateOf(original)).toBe("pass");
    expect(await duplicateOf(copy)).toBe("fail");
    expect(await duplicateOf(original)).toBe("pass");
    await world.restart();
    expect(await duplicateOf(copy)).toBe("fail");
  });
});

describe("likeness", () => {
  const account = (order: string) => [
    {
      kind: "text" as const,
      text:
        `Spoke with the customer on the phone about order ${order}. The second charge came from a payment page that was ` +
        "loaded twice. It was refunded to the card by which it was paid, which takes three to five working days. The " +
        "customer has the refund's number by mail and agreed to the case being closed. Nothing else is open.",
    },
  ];
  const duplicateOf = async (request: VerificationRequest) =>
    ((await world.verify(request)).body["checks"] as CheckResult[]).find(({ check }) => check === "duplicate");

  it("is what it saw itself, whatever its gateway says, and never spoils what it saw first", async () => {
    const [original, copy] = [await world.honest(account("7781")), await world.honest(account("9034"))];
    expect(await duplicateOf({ ...original, likeBefore: [{ item: 0, similarity: 1 }] })).toMatchObject({
      outcome: "pass",
    });
    const alike = { outcome: "unsure", details: { near_duplicates: [{ item: 0 }] } };
    expect(await duplicateOf({ ...copy, likeBefore: [] })).toMatchObject(alike);
    expect(await duplicateOf(original)).toMatchObject({ outcome: "pass" });
    await world.restart();
    expect(await duplicateOf(copy)).toMatchObject(alike);
  });

  it("is kept by a database of a version that knew none, from then on", async () => {
    const db = new DatabaseSync(world.database);
    db.exec("drop table review_answers; drop table sketch_keys; drop table sketches; pragma user_version = 1");
    db.close();
    await world.restart();
    expect(await duplicateOf(await world.honest(account("1111")))).toMatchObject({ outcome: "pass" });
    expect(await duplicateOf(await world.honest(account("2222")))).toMatchObject({ outcome: "unsure" });
  });
});

describe("POST /v1/sign", () => {
  it("signs the verdict that it came to, the same each time, also after it was started again", async () => {
    const common = await commonOf(await world.honest());
    const first = await world.post("/v1/sign", common);
    const { chainId, escrow } = world.stage.deployment;
    const word = {
      jobId: common.reasons.chain_job_id,
      worker: common.worker,
      evidenceHash: common.reasons.evidence_hash,
      pass: true,
      reasonsHash: reasonsHashOf(common.reasons),
      validUntil: BigInt(common.valid_until),
    };
    const signature = String(first.body["signature"]);
    expect(isSignedByKey(escrowDomain(chainId, escrow), "Verdict", word, signature, world.signer.address)).toBe(true);
    await world.restart();
    expect(await world.post("/v1/sign", common)).toEqual(first);
  });

  it("signs what differs only in what others found, but never another outcome, summary or finding of its own", async () => {
    const common = await commonOf(await world.honest());
    const { reasons } = common;
    const sign = (changes: Partial<VerdictReasons>) =>
      world.post("/v1/sign", { ...common, reasons: { ...reasons, ...changes } });
    const others = [{ check: "rubric", outcome: "pass", reason: "I judge that it is fine." }] satisfies CheckResult[];
    expect((await sign({ differing_checks: [others] })).status).toBe(200);
    expect(
      (await sign({ checks: others, differing_checks: [reasons.checks], summary: "All 1 checks passed." })).status,
    ).toBe(200);
    const conflict = { status: 409, body: { code: "verdict_conflict" } };
    expect(await sign({ checks: others, summary: "All 1 checks passed." })).toMatchObject(conflict);
    expect(await sign({ outcome: "fail" })).toMatchObject(conflict);
    expect(await sign({ summary: "Paid for." })).toMatchObject(conflict);
  });

  it("keeps the finding that it signed, whatever is found later", async () => {
    const request = await world.honest([{ kind: "transaction", chain_id: 31337, hash: `0x${"cd".repeat(32)}` }]);
    const common = await commonOf(request);
    await world.post("/v1/sign", common);
    // It could not look any more, and need not.
    await world.restart({ rpcUrl: "http://127.0.0.1:9" });
    const again = await world.verify(request);
    expect(again).toMatchObject({ status: 200, body: { checks: common.reasons.checks } });
    await world.restart();
  });

  it("refuses evidence that it never verified, and a time that is over or too far", async () => {
    const request = await world.honest();
    const common = await commonOf(request);
    const unknown = { ...common, reasons: { ...common.reasons, evidence_hash: `0x${"77".repeat(32)}` } };
    const refused = (param: string) => ({ status: 422, body: { code: "verification_refused", param } });
    expect(await world.post("/v1/sign", unknown)).toMatchObject(refused("reasons.evidence_hash"));
    const now = await world.stage.chain.timeSeconds();
    for (const valid_until of [now, now + 9 * 24 * hour]) {
      expect(await world.post("/v1/sign", { ...common, valid_until })).toMatchObject(refused("valid_until"));
    }
  });
});

describe("what an operator sees", () => {
  it("is a page of verdicts, reasons and refusals, on which no text becomes HTML", async () => {
    const hostile = `<img src=x onerror="alert(1)">'&`;
    const request = await world.honest([
      {
        kind: "file",
        sha256: "a".repeat(64),
        name: hostile.replaceAll("/", ""),
        media_type: "text/plain",
        size_bytes: 1,
      },
    ]);
    await world.verify(request);
    await world.post("/v1/verify", { bundle: { job_id: hostile } });
    const response = await fetch(world.node.url);
    const html = await response.text();
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&amp;");
    for (const part of [
      world.signer.address,
      request.bundle.chain_job_id,
      request.evidenceHash,
      "verification_refused",
    ]) {
      expect(html).toContain(part);
    }
    expect(html).not.toContain(token);
  });

  it("is /livez, /readyz and /metrics; it is not ready on another chain or without one", async () => {
    const get = async (path: string) => (await fetch(`${world.node.url}${path}`)).status;
    expect([await get("/livez"), await get("/readyz")]).toEqual([200, 200]);
    expect(await (await fetch(`${world.node.url}/metrics`)).text()).toMatch(
      /^oracle_findings_total\{outcome="pass"\} [1-9]/m,
    );
    await world.restart({ chainId: 137 });
    expect([await get("/livez"), await get("/readyz")]).toEqual([200, 503]);
    await world.restart({ rpcUrl: "http://127.0.0.1:9/a-secret-key" });
    expect([await get("/livez"), await get("/readyz")]).toEqual([200, 503]);
    expect((await world.verify(await world.honest())).status).toBe(503);
    expect(world.said.join("")).not.toContain("a-secret-key");
    expect(world.said.join("")).not.toContain(world.signer.privateKey);
    await world.restart();
  });
});
