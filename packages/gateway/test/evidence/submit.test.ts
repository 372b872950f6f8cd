import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Wallet } from "ethers";
import {
  escrowDomain,
  type EvidenceBundle,
  type EvidenceSubmit,
  evidenceHashOf,
  type Job,
  type Offer,
  signWord,
} from "@hireforhumans/protocol";
import { bootstrapClient } from "../../src/keys/bootstrap.ts";
import { jobRow, type Stage, type StagedWorker, startStage, textOf, workWindowMinutes } from "../gateway/stage.ts";
import { gatewayDatabase } from "../support/database.ts";

/** Where the link leads. */
const desk = createServer((_, response) => void response.end("Case 1: refunded."));
const link = { kind: "link", url: "" } as { kind: "link"; url: string };

let stage: Stage;
let job: Job;
let offer: Offer;
beforeAll(async () => {
  desk.listen(0, "127.0.0.1");
  await once(desk, "listening");
  link.url = `http://127.0.0.1:${(desk.address() as AddressInfo).port}/cases/1`;
  stage = await startStage({ database: gatewayDatabase("embedded") });
  ({ job, offer } = await stage.accepted({ acceptance: { required_evidence: ["text", "link"] } }));
});
afterAll(async () => {
  await stage.stop();
  desk.close().closeAllConnections();
});

interface Forgery {
  worker?: StagedWorker;
  signer?: Parameters<typeof signWord>[0];
  bundle?: Partial<EvidenceBundle>;
  body?: Partial<EvidenceSubmit>;
  chainId?: number;
  escrow?: string;
  round?: bigint;
  validUntil?: number;
}

/** What Ada would hand in, but for what is forged; signed over whatever it then holds. */
async function evidence(given: Offer, forgery: Forgery = {}): Promise<EvidenceSubmit> {
  const bundle: EvidenceBundle = {
    version: 1,
    job_id: given.job_id,
    chain_job_id: given.chain_job_id,
    round: given.round,
    worker: stage.ada.address,
    resolution: "Refunded.",
    worker_notes: "",
    items: [{ kind: "text", text: "Called the customer." }, link],
    ...forgery.bundle,
  };
  const evidence_hash = evidenceHashOf(bundle);
  const valid_until = forgery.validUntil ?? (await stage.stack.chain.timeSeconds()) + 3600;
  const domain = escrowDomain(forgery.chainId ?? given.chain_id, forgery.escrow ?? given.escrow);
  const signature = await signWord(forgery.signer ?? stage.ada.wallet, domain, "Submit", {
    jobId: bundle.chain_job_id,
    round: forgery.round ?? BigInt(bundle.round),
    evidenceHash: evidence_hash,
    validUntil: BigInt(valid_until),
  });
  return { bundle, evidence_hash, valid_until, signature, ...forgery.body };
}

const submit = (jobId: string, body: EvidenceSubmit, token = stage.ada.token) =>
  stage.call("POST", `/v1/jobs/${jobId}/evidence`, { token, body });

describe("POST /v1/jobs/:id/evidence", () => {
  it("refuses a stranger, and a client in the worker's place", async () => {
    const body = await evidence(offer);
    expect((await stage.call("POST", `/v1/jobs/${job.job_id}/evidence`, { body })).status).toBe(401);
    expect((await submit(job.job_id, body, "hfw_unknown")).status).toBe(401);
    expect(await submit(job.job_id, body, stage.stack.apiKey)).toMatchObject({ status: 403 });
  });

  it("does not know the job of another worker, nor one that there isn't", async () => {
    const notFound = { status: 404, body: { code: "not_found" } };
    expect(await submit(job.job_id, await evidence(offer), stage.ben.token)).toMatchObject(notFound);
    expect(await submit("job_00000000000000000000000000", await evidence(offer))).toMatchObject(notFound);
    expect(await submit("..", await evidence(offer))).toMatchObject({ status: 404 });
  });

  const stranger = Wallet.createRandom();
  const forgeries: [string, Forgery | (() => Promise<Forgery>), string][] = [
    ["another hash than the bundle's", { body: { evidence_hash: `0x${"1".repeat(64)}` } }, "evidence_hash_mismatch"],
    ["another job's id on chain", { bundle: { chain_job_id: `0x${"2".repeat(64)}` } }, "evidence_not_for_this_job"],
    ["another job's id", { bundle: { job_id: "job_00000000000000000000000000" } }, "evidence_not_for_this_job"],
    ["another round", { bundle: { round: 1 } }, "evidence_not_for_this_job"],
    ["another worker's account", { bundle: { worker: stranger.address } }, "evidence_not_for_this_job"],
    ["another's signature", { signer: stranger }, "signature_invalid"],
    ["a signature for another chain", { chainId: 137 }, "signature_invalid"],
    ["a signature for another escrow", { escrow: stranger.address }, "signature_invalid"],
    ["a signature for another round", { round: 1n }, "signature_invalid"],
    ["no real signature", { body: { signature: `0x${"00".repeat(65)}` } }, "signature_invalid"],
    ["a signature past its time", { validUntil: 1 }, "signature_expired"],
    ["no evidence of a kind the job asks for", { bundle: { items: [link] } }, "evidence_required_kind_missing"],
    [
      "a file that nobody uploaded",
      {
        bundle: {
          items: [
            { kind: "text", text: "See the file." },
            link,
            { kind: "file", sha256: "3".repeat(64), name: "a.txt", media_type: "text/plain", size_bytes: 1 },
          ],
        },
      },
      "evidence_file_missing",
    ],
    [
      "a file of another worker",
      async () => ({ bundle: { items: await filesOf(stage.ben) } }),
      "evidence_file_missing",
    ],
    [
      "a file of another size",
      async () => ({ bundle: { items: await filesOf(stage.ada, 1) } }),
      "evidence_file_missing",
    ],
  ];

  async function filesOf(worker: StagedWorker, more = 0): Promise<EvidenceBundle["items"]> {
    const { sha256, name, media_type, size_bytes } = await worker.api.files.upload(
      new Blob([`a file of ${worker.address}`]),
      "report.txt",
    );
    const file = { kind: "file", sha256, name, media_type, size_bytes: size_bytes + more } as const;
    return [{ kind: "text", text: "See the file." }, link, file];
  }

  it.each(forgeries)("refuses %s", async (_, forgery, code) => {
    const body = await evidence(offer, typeof forgery === "function" ? await forgery() : forgery);
    expect(await submit(job.job_id, body)).toMatchObject({ status: 422, body: { code } });
  });

  it("has lost nothing by all those: the job still takes what is right, and pays it", async () => {
    expect((await stage.agent.jobs.get(job.job_id)).status).toBe("accepted");
    const body = await evidence(offer);
    const answer = await submit(job.job_id, body);
    expect(answer).toMatchObject({ status: 201, body: { job_id: job.job_id, evidence_hash: body.evidence_hash } });
    await stage.reached(job.job_id, "paid");
  });

  it("gives the same answer to the same evidence again, and refuses other evidence", async () => {
    const given = await stage.accepted({ acceptance: { checks: [{ check: "text_length", params: { min: 5 } }] } });
    const body = await evidence(given.offer);
    const [first, second] = await Promise.all([submit(given.job.job_id, body), submit(given.job.job_id, body)]);
    expect(first.status).toBe(201);
    expect(second).toMatchObject({ status: 201, body: first.body });
    // What a link led to is kept a moment later.
    const same = { status: 201, body: { ...first.body, links: expect.any(Array) as unknown[] } };
    const other = await evidence(given.offer, { bundle: { resolution: "Something else." } });
    const conflict = { status: 409, body: { code: "already_submitted" } };
    expect(await submit(given.job.job_id, other)).toMatchObject(conflict);
    await stage.reached(given.job.job_id, "paid");
    expect(await submit(given.job.job_id, other)).toMatchObject(conflict);
    expect(await submit(given.job.job_id, body)).toMatchObject(same);
    const { data } = await stage.ada.api.jobs.evidence(given.job.job_id);
    expect(data.map(({ id }) => id)).toEqual([first.body?.["id"]]);
  });

  it("takes what comes at one moment, each by itself", async () => {
    const given = [await stage.accepted(), await stage.accepted(), await stage.accepted()];
    const [one, two, three] = await Promise.all(
      given.map(({ job, offer }) => evidence(offer, { bundle: { items: [textOf(job)] } })),
    );
    const [first, second, third] = given.map(({ job }) => job.job_id);
    const other = await evidence(given[1]!.offer, {
      bundle: { resolution: "Something else.", items: two!.bundle.items },
    });
    const forged = await evidence(given[2]!.offer, { bundle: { round: 1 }, round: 1n });
    const answers = await Promise.all([
      submit(first!, one!),
      submit(second!, two!),
      submit(second!, other),
      submit(third!, forged),
      submit(third!, three!),
      submit(first!, one!),
    ]);
    const [, ours, theirs, ...others] = answers.map(({ status }) => status);
    expect([ours, theirs].toSorted()).toEqual([201, 409]);
    expect(others).toEqual([422, 201, 201]);
    expect(answers[5].body?.["id"]).toBe(answers[0].body?.["id"]);
    for (const { job } of given) await stage.reached(job.job_id, "paid");
  });

  it("refuses evidence for a job whose work window is over", async () => {
    const given = await stage.accepted();
    const { chain, gateway } = stage.stack;
    // Between the window's last seconds and its end: too late to be mined inside it, too early to be reopened.
    const { until_seconds } = await jobRow(stage.stack, given.job.job_id);
    await chain.increaseTime(Number(until_seconds) - (await chain.timeSeconds()) - 3);
    await gateway.caughtUp();
    expect(await submit(given.job.job_id, await evidence(given.offer))).toMatchObject({
      status: 409,
      body: { code: "too_late" },
    });
    await chain.increaseTime(workWindowMinutes * 60);
    await stage.reached(given.job.job_id, "open");
  });
});

describe("GET /v1/jobs/:id/evidence and /verdict", () => {
  const paths = ["evidence", "verdict"];

  it.each(paths)("%s: refuses a stranger, and is not there for others", async (path) => {
    const url = `/v1/jobs/${job.job_id}/${path}`;
    expect((await stage.call("GET", url)).status).toBe(401);
    expect((await stage.call("GET", url, { token: "hfh_unknown" })).status).toBe(401);
    expect(await stage.call("GET", url, { token: stage.ben.token })).toMatchObject({ status: 404 });
    const other = await bootstrapClient(stage.stack.gateway.context.db, { address: Wallet.createRandom().address });
    expect(await stage.call("GET", url, { token: other.apiKey })).toMatchObject({ status: 404 });
  });

  it.each(paths)("%s: both sides read the same", async (path) => {
    const url = `/v1/jobs/${job.job_id}/${path}`;
    const client = await stage.call("GET", url, { token: stage.stack.apiKey });
    expect(client.status).toBe(200);
    expect(await stage.call("GET", url, { token: stage.ada.token })).toMatchObject({ status: 200, body: client.body });
  });

  it("says that there is no verdict yet", async () => {
    const given = await stage.accepted();
    const answer = await stage.call("GET", `/v1/jobs/${given.job.job_id}/verdict`, { token: stage.ada.token });
    expect(answer).toMatchObject({ status: 404, body: { code: "not_found" } });
    await stage.ada.api.evidence.submit(given.offer, { resolution: "Done.", items: [textOf(given.job)] });
    await stage.reached(given.job.job_id, "paid");
  });
});
