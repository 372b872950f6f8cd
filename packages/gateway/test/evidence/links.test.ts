import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createGzip, gzipSync } from "node:zlib";
import { RefusedError } from "@hireforhumans/client";
import { createPublicNetwork } from "@hireforhumans/oracle";
import type { EvidenceItem, Job, Offer } from "@hireforhumans/protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { innerAddresses } from "../../../oracle/test/inner-addresses.ts";
import { until } from "../../../../scripts/stack/until.ts";
import { keepLinks } from "../../src/evidence/links.ts";
import { keepPage } from "../../src/evidence/pages.ts";
import { sweepUndecided } from "../../src/verification/sweeps.ts";
import { type Stage, startStage } from "../gateway/stage.ts";
import { gatewayDatabase } from "../support/database.ts";

const sha256Of = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
const page = (words: string) => `<!doctype html><title>Desk</title><p>${words}</p>`;

/** A server of a worker's choice, which may mean ill. */
const answers = new Map<string, (response: ServerResponse) => void>();
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  const answer = answers.get(request.url ?? "");
  if (answer === undefined) response.writeHead(404).end();
  else answer(response);
});
const saying = (content: string | Buffer, headers: Record<string, string> = { "content-type": "text/html" }) => {
  return (response: ServerResponse) => void response.writeHead(200, headers).end(content);
};

let stage: Stage;
let origin: string;
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stage = await startStage({ database: gatewayDatabase("embedded") });
});
afterAll(async () => {
  await stage.stop();
  server.close().closeAllConnections();
});
beforeEach(() => asked.splice(0));

const ctx = () => stage.stack.gateway.context;
const link = (path: string, more: { sha256?: string } = {}): EvidenceItem => ({
  kind: "link",
  url: `${origin}${path}`,
  ...more,
});
const wanting = { acceptance: { required_evidence: ["link" as const] } };
const holding = (words: string) => ({
  acceptance: { checks: [{ check: "link" as const, params: { contains: [words] } }] },
});
const none = { acceptance: {} };

async function submit(offer: Offer, items: EvidenceItem[]) {
  return stage.ada.api.evidence.submit(offer, { resolution: `Settled ${offer.job_id}.`, items });
}

async function linkCheckOf(job: Job) {
  const { reasons } = await until(`${job.job_id} has a verdict`, () =>
    stage.agent.jobs.verdict(job.job_id).catch(() => undefined),
  );
  return reasons.checks.find(({ check }) => check === "link");
}

describe("a link in evidence", () => {
  it("is kept as it is when it is handed in, judged by that, and shown so; what the page says later changes nothing", async () => {
    answers.set("/case", saying(page("The second charge was refunded.")));
    const { job, offer } = await stage.accepted(holding("second charge was REFUNDED"));
    await submit(offer, [link("/case")]);
    await stage.reached(job.job_id, "paid");
    const sha256 = sha256Of(page("The second charge was refunded."));
    expect(await linkCheckOf(job)).toMatchObject({ outcome: "pass", details: { links: [{ item: 0, sha256 }] } });

    answers.set("/case", saying(page("Nothing was refunded.")));
    const [evidence] = (await stage.agent.jobs.evidence(job.job_id)).data;
    expect(evidence?.links).toEqual([
      { item: 0, problem: null, copy: { sha256, media_type: "text/html", size_bytes: expect.any(Number) as number } },
    ]);
    await keepLinks(ctx(), evidence?.id ?? "");
    expect(asked).toEqual(["/case"]);
    for (const reader of [stage.agent.files, stage.ada.api.files]) {
      expect(Buffer.from(await reader.download(sha256)).toString()).toBe(page("The second charge was refunded."));
    }
    await expect(stage.ben.api.files.download(sha256)).rejects.toMatchObject({ status: 404 });
  });

  it("fails where what stood there is not what the job asks for", async () => {
    answers.set("/other", saying(page("Welcome.")));
    const { job, offer } = await stage.accepted(holding("was refunded"));
    await submit(offer, [link("/other")]);
    await stage.reached(job.job_id, "rejected");
    expect(await linkCheckOf(job)).toMatchObject({ outcome: "fail" });
  });

  it.each([
    { title: "is looked at again until it is there", forgotten: false },
    { title: "also where the database was made anew meanwhile", forgotten: true },
  ])("that is down fails nobody: $title", async ({ forgotten }) => {
    answers.set("/down", (response) => void response.writeHead(503).end());
    const { job, offer } = await stage.accepted(wanting);
    const { id } = await submit(offer, [link("/down")]);
    const found = await linkCheckOf(job);
    expect(found).toMatchObject({ outcome: "unsure", reason: expect.stringContaining("status 503") as string });
    expect((await stage.agent.jobs.evidence(job.job_id)).data[0]?.links).toMatchObject([{ copy: null }]);

    answers.set("/down", saying(page("Back again.")));
    await until("the submission alone is on chain", async () => {
      const { chain_status } = await ctx()
        .db.selectFrom("jobs")
        .select("chain_status")
        .where("id", "=", job.job_id)
        .executeTakeFirstOrThrow();
      return chain_status === "submitted" ? true : undefined;
    });
    if (forgotten) await ctx().db.deleteFrom("evidence_links").where("evidence_id", "=", id).execute();
    await ctx()
      .db.updateTable("evidence")
      .set({ verify_again_at: new Date(0) })
      .where("id", "=", id)
      .execute();
    await sweepUndecided(ctx());
    await stage.reached(job.job_id, "paid");
  });

  it("that nobody asked for is noted where it can't be kept, and the work is paid", async () => {
    const { job, offer } = await stage.accepted(none);
    await submit(offer, [link("/gone"), { kind: "text", text: `About ${job.job_id}.` }]);
    await stage.reached(job.job_id, "paid");
    expect(await linkCheckOf(job)).toMatchObject({ outcome: "pass", reason: expect.stringContaining("404") as string });
  });

  it("is refused at once where it could never be looked at and the job asks for one; nothing is lost by it", async () => {
    const { job, offer } = await stage.accepted(wanting);
    const inner: EvidenceItem = { kind: "link", url: "http://169.254.169.254/latest/meta-data/" };
    await expect(submit(offer, [inner])).rejects.toMatchObject({ code: "evidence_link_not_allowed" });
    answers.set("/there", saying(page("There.")));
    await submit(offer, [inner, link("/there")]);
    await stage.reached(job.job_id, "paid");
    // Nothing is looked up for evidence that can't be taken any more.
    await expect(submit(offer, [inner])).rejects.toMatchObject({ code: "already_submitted" });
  });
});

describe("POST /v1/jobs/:id/links", () => {
  it("shows a worker what will be judged, and the evidence signs it", async () => {
    const { job, offer } = await stage.accepted(holding("all agreed"));
    answers.set("/draft", (response) => void response.writeHead(302, { location: "/final" }).end());
    expect(await stage.ada.api.evidence.keepLink(job.job_id, `${origin}/draft`)).toMatchObject({
      copy: null,
      problem: expect.stringContaining("302") as string,
      leads_to: `${origin}/final`,
    });
    answers.set("/final", saying(page("All agreed.")));
    const { copy } = await stage.ada.api.evidence.keepLink(job.job_id, `${origin}/final`);
    expect(copy).toMatchObject({ sha256: sha256Of(page("All agreed.")), media_type: "text/html" });
    expect(asked).toEqual(["/draft", "/final"]);

    answers.set("/final", saying(page("Taken back.")));
    const sha256 = copy?.sha256 ?? "";
    const never = link("/final", { sha256: "ab".repeat(32) });
    const elsewhere = link("/draft", { sha256 });
    for (const forged of [never, elsewhere]) {
      await expect(submit(offer, [forged])).rejects.toMatchObject({ code: "evidence_link_not_kept" });
    }
    const { id } = await submit(offer, [link("/final", { sha256 })]);
    await stage.reached(job.job_id, "paid");
    expect(asked).toHaveLength(2);

    // A database that was made anew has lost the copies: what stands there now is not what was signed.
    await ctx().db.deleteFrom("link_copies").where("job_id", "=", job.job_id).execute();
    await ctx().db.deleteFrom("evidence_links").where("evidence_id", "=", id).execute();
    await keepLinks(ctx(), id);
    const [evidence] = (await stage.agent.jobs.evidence(job.job_id)).data;
    expect(evidence?.links).toMatchObject([{ copy: null, problem: expect.stringContaining("not what") as string }]);
  });

  it("is for the worker who has the job in hand, and for some pages only", async () => {
    const { job } = await stage.accepted(none);
    const path = `/v1/jobs/${job.job_id}/links`;
    const body = { url: `${origin}/final` };
    expect((await stage.call("POST", path, { body })).status).toBe(401);
    expect((await stage.call("POST", path, { body, token: stage.stack.apiKey })).status).toBe(403);
    expect((await stage.call("POST", path, { body, token: stage.ben.token })).status).toBe(404);
    for (let index = 0; index < 50; index += 1) {
      const row = { job_id: job.job_id, url: `${origin}/${index}`, media_type: "text/html" };
      const { id } = await stage.ada.api.me();
      const sha256 = sha256Of(page("All agreed."));
      await ctx()
        .db.insertInto("link_copies")
        .values({ ...row, worker_id: id, sha256 })
        .execute();
    }
    const used = { status: 409, body: { code: "links_used_up" } };
    expect(await stage.call("POST", path, { body, token: stage.ada.token })).toMatchObject(used);
    expect(asked).toEqual([]);
  });

  it("fetches no more for many calls at once than for one after the other, and counts no page that was not kept", async () => {
    const { job } = await stage.accepted(none);
    const keep = (page: string) =>
      stage.ada.api.evidence.keepLink(job.job_id, `${origin}${page}`).then(
        ({ copy }) => (copy === null ? "not kept" : "kept"),
        (error: unknown) => (error instanceof RefusedError ? error.code : String(error)),
      );
    for (let index = 0; index < 45; index += 1) answers.set(`/many/${index}`, saying(page(`Page ${index}.`)));
    for (let index = 0; index < 45; index += 1) expect(await keep(`/many/${index}`)).toBe("kept");
    // The same again, and what is not there, take no place.
    expect([await keep("/many/0"), await keep("/nowhere")]).toEqual(["kept", "not kept"]);
    asked.splice(0);
    for (let index = 0; index < 20; index += 1) answers.set(`/burst/${index}`, saying(page(`Burst ${index}.`)));
    const burst = await Promise.all(Array.from({ length: 20 }, (_, index) => keep(`/burst/${index}`)));
    expect(burst.filter((outcome) => outcome === "kept")).toHaveLength(5);
    expect(burst.filter((outcome) => outcome === "links_used_up")).toHaveLength(15);
    expect(asked).toHaveLength(5);
  });
});

describe("what is fetched", () => {
  const problemOf = async (path: string, signal?: AbortSignal) =>
    (await keepPage(ctx(), path.includes("://") ? path : `${origin}${path}`, signal)).problem;

  it("follows no redirect", async () => {
    answers.set("/away", (response) => void response.writeHead(301, { location: `${origin}/secret` }).end());
    expect(await problemOf("/away")).toMatch(/status 301, which leads elsewhere/);
    expect(asked).toEqual(["/away"]);
  });

  it.each(innerAddresses)("does not come from %s", async (url) => {
    const outside = createPublicNetwork({ allowLoopback: false });
    const { copy, problem } = await keepPage({ ...ctx(), network: outside }, url);
    expect(copy).toBeNull();
    expect(problem).toMatch(/not at a public https address|does not resolve/);
    await outside.close();
  });

  it("is not kept where it is too large, however it says or packs it", async () => {
    const megabyte = Buffer.alloc(1024 ** 2, "a");
    answers.set("/large", saying(Buffer.alloc(5 * 1024 ** 2 + 1, "a"), { "content-type": "text/plain" }));
    // As many bytes as anybody reads of it, and some hundred on the way.
    answers.set("/bomb", (response) => {
      response.writeHead(200, { "content-type": "text/html", "content-encoding": "gzip" });
      const zip = createGzip();
      zip.pipe(response);
      const fill = () => {
        while (zip.write(megabyte));
        zip.once("drain", fill);
      };
      fill();
      response.once("close", () => zip.removeAllListeners("drain").destroy());
    });
    for (const path of ["/large", "/bomb"]) expect(await problemOf(path)).toMatch(/more than the 5242880 bytes/);
  });

  it("is not kept where it can't be opened, is empty, or is nothing that people hand in", async () => {
    const bomb = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAA//8AAP//CAIAAADcyVBVAAAACklEQVR4nGMAAQAABQABDQottAAAAABJRU5ErkJggg==",
      "base64",
    );
    answers.set("/picture", saying(bomb, { "content-type": "image/png" }));
    answers.set("/program", saying(Buffer.from("7f454c460201010000000000000000000200", "hex")));
    answers.set("/archive", saying(gzipSync("x"), { "content-type": "application/gzip" }));
    answers.set("/empty", saying(""));
    answers.set("/broken", saying("not packed", { "content-encoding": "gzip" }));
    expect(await problemOf("/picture")).toMatch(/refused/);
    expect(await problemOf("/program")).toMatch(/not kept/);
    expect(await problemOf("/archive")).toMatch(/application\/gzip, which is not kept/);
    expect(await problemOf("/empty")).toMatch(/nothing stands there/);
    expect(await problemOf("/broken")).toMatch(/can't be unpacked/);
  });

  it("is waited for some seconds only, also where it drips", async () => {
    answers.set("/slow", (response) => {
      response.writeHead(200, { "content-type": "text/html" });
      const drip = setInterval(() => response.write("."), 20);
      response.once("close", () => clearInterval(drip));
    });
    answers.set("/silent", () => undefined);
    for (const path of ["/slow", "/silent"]) {
      expect(await problemOf(path, AbortSignal.timeout(1_500))).toMatch(/did not answer in time/);
    }
  });
});
