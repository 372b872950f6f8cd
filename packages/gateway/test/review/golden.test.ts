import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evidenceBundleSchema, type EvidenceBundle } from "@hireforhumans/protocol";
import { until } from "../../../../scripts/stack/until.ts";
import { createOperator, type Operator } from "@hireforhumans/client";
import { postGoldenReview, readGoldenTasks } from "../../src/review/golden.ts";
import { recordReview } from "../../src/review/record.ts";
import { domain, signUp, type Stage, type StagedWorker, startStage } from "../gateway/stage.ts";

const operatorToken = `hfo_${"a1".repeat(20)}`;
const task = {
  domain,
  answer: "fail" as const,
  case: {
    goal: "Refund the second charge and tell the customer.",
    question: null,
    response_options: [],
    rubric: [],
    resolution: "I told the customer to wait.",
    notes: "",
    evidence: [{ kind: "text", content: "Nothing was refunded." }],
    attachments: [],
  },
};

describe("golden tasks", () => {
  let folder: string;
  let path: string;
  let stage: Stage;
  let peers: StagedWorker[];
  let operator: Operator;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "hireforhumans-golden-"));
    path = join(folder, "golden.json");
    await writeFile(path, JSON.stringify([task]));
    // One golden review for each real one.
    stage = await startStage({
      env: { OPERATOR_TOKEN: operatorToken, GOLDEN_TASKS_FILE: path, GOLDEN_SHARE: "0.5", REVIEW_SHARE: "0.000001" },
    });
    operator = createOperator({ baseUrl: stage.stack.gateway.url, token: operatorToken });
    peers = [];
    for (let index = 2; index < 6; index += 1) peers.push(await signUp(stage.stack, index));
  });
  afterAll(async () => {
    await stage.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const db = () => stage.stack.gateway.context.db;

  it("look to a reviewer like any other review, pay the same, and weigh what the reviewer says", async () => {
    const [peer] = peers as [StagedWorker];
    const asked = { acceptance: { reviewers: 2, required_evidence: ["text" as const] }, reward: "40.00" };
    const { job } = await stage.delivered(asked);
    await peer.api.setPresence("online");
    const offers = await until("both kinds are offered", async () => {
      const { data } = await peer.api.offers.list({ status: "pending" });
      return data.length >= 2 ? data : undefined;
    });
    const kinds = new Map<string, unknown>();
    for (const offer of offers) {
      const { golden_id } = await db()
        .selectFrom("reviews")
        .select("golden_id")
        .where("job_id", "=", offer.job_id)
        .executeTakeFirstOrThrow();
      const { packet, job: taken } = await peer.api.offers.accept(offer);
      kinds.set(golden_id === null ? "real" : "golden", shapeOf({ packet, reward: taken.reward, offer }));
      const answer = golden_id === null ? "pass" : "fail";
      const value = { answer, reason: "The text says what was and was not done." };
      await peer.api.evidence.submit(offer, { resolution: answer, items: [{ kind: "json", value }] });
    }
    expect(kinds.get("golden")).toEqual(kinds.get("real"));
    const [quality] = await until("the golden answer is counted", async () => {
      const all = await stage.agent.reviewQuality();
      return all[0]?.golden_answers === 1 && all[0].reviews === 1 ? all : undefined;
    });
    expect(quality).toMatchObject({ domain, golden_accuracy: 1, alpha: null });
    expect((await stage.agent.jobs.get(job.job_id)).status).toBe("submitted");
  });

  it("read twice are there once, and a file that holds none is refused by its name", async () => {
    await readGoldenTasks(db(), path);
    expect(await db().selectFrom("golden_tasks").selectAll().execute()).toHaveLength(1);
    const broken = join(folder, "broken.json");
    await writeFile(broken, JSON.stringify([{ ...task, answer: "maybe" }]));
    await expect(readGoldenTasks(db(), broken)).rejects.toThrow(/broken\.json[\s\S]*answer/);
    await expect(readGoldenTasks(db(), join(folder, "none.json"))).rejects.toThrow(/none\.json/);
  });

  it("leave room for others: work that nobody can have read is reviewed too, and flagged", async () => {
    const conversation_history = "I was charged twice and nobody answers. ".repeat(1_000);
    const { job } = await stage.delivered({ context: { conversation_history }, reward: "40.00" });
    await until("a review is posted", async () =>
      db()
        .selectFrom("reviews")
        .innerJoin("evidence", "evidence.id", "reviews.evidence_id")
        .select("reviews.id")
        .where("evidence.job_id", "=", job.job_id)
        .executeTakeFirst(),
    );
    const { data } = await db()
      .selectFrom("job_events")
      .select("data")
      .where("job_id", "=", job.job_id)
      .where("type", "=", "job.verified")
      .executeTakeFirstOrThrow();
    expect(data).toMatchObject({ outcome: "unsure", flags: ["hurried"] });
  });

  it("come by the operator's API too: all or none, each once, with how they were answered", async () => {
    const german = { ...task, domain: "translation", language: "german", case: { ...task.case, goal: "Übersetze." } };
    const bad = { ...german, answer: "maybe" as "fail" };
    await expect(operator.goldenTasks.import([german, bad])).rejects.toMatchObject({
      status: 422,
      problem: { param: "tasks.1.answer" },
    });
    const file = { uri: "", sha256: "ab".repeat(32), name: "a", media_type: "text/plain" };
    const fileless = { ...german, case: { ...german.case, attachments: [file] } };
    await expect(operator.goldenTasks.import([german, fileless])).rejects.toMatchObject({
      code: "evidence_file_missing",
      problem: { param: "tasks.1.case.attachments.0.sha256" },
    });
    await expect(operator.goldenTasks.import([{ ...german, language: "klingon" }])).rejects.toMatchObject({
      code: "unknown_language",
      problem: { param: "tasks.0.language" },
    });
    const listed = async () => (await operator.goldenTasks.list({ domain: "translation" })).data;
    expect(await listed()).toEqual([]);

    const english = { ...german, language: "en", case: { ...german.case, goal: "Translate." } };
    const { ids, imported } = await operator.goldenTasks.import([german, english, german]);
    expect(imported).toBe(2);
    expect(ids[2]).toBe(ids[0]);
    expect(await operator.goldenTasks.import([english])).toEqual({ ids: [ids[1]], imported: 0 });
    expect(await listed()).toHaveLength(2);
    const retired = await operator.goldenTasks.retire(ids[0] ?? "", "Its answer is arguable.");
    expect(retired).toMatchObject({ language: "de", answers: 0, retired_because: "Its answer is arguable." });
    expect(await operator.goldenTasks.retire(ids[0] ?? "", "Again.")).toEqual(retired);
    await expect(operator.goldenTasks.retire(`gld_${"0".repeat(26)}`, "None.")).rejects.toMatchObject({ status: 404 });
    const inUse = await operator.goldenTasks.list({ domain: "translation", status: "in_use" });
    expect(inUse.data.map(({ id }) => id)).toEqual([ids[1]]);
    const acts = (await operator.audit()).data.map(({ action, subject }) => [action, subject]);
    expect(acts.slice(0, 2)).toEqual([
      ["golden_task.retired", ids[0]],
      ["golden_task.imported", ids[0]],
    ]);
    for (const token of [stage.stack.apiKey, stage.ada.token]) {
      expect(await stage.call("GET", "/v1/reviews/golden-tasks", { token })).toMatchObject({ status: 403 });
    }
  });

  it("are asked of who reads their language, and written like real ones", async () => {
    const { context: ctx } = stage.stack.gateway;
    const inLanguage = (language: string, goal: string) => ({
      ...task,
      domain: "languages",
      language,
      case: { ...task.case, goal },
    });
    const told = "Look at https://desk.example/1, order A-7781, card 4111 1111 1111 1111.";
    await operator.goldenTasks.import([inLanguage("de", told), inLanguage("en", "Plain.")]);
    const posted = async (languages: string[]) => {
      const fund = ctx.config.reviewFund ?? "";
      await ctx.db.transaction().execute((trx) => postGoldenReview(ctx, trx, fund, { domain: "languages", languages }));
      const { packet } = await ctx.db
        .selectFrom("jobs")
        .select("packet")
        .where("domain", "=", "languages")
        .orderBy("id", "desc")
        .executeTakeFirstOrThrow();
      return (packet.entities["case"] as { goal: string }).goal;
    };
    expect(await posted([])).toBe("Plain.");
    expect(await posted(["de", "fr"])).toBe("Look at [link] order [id], card [number].");
    expect(await posted(["en"])).toBe("Plain.");
    await ctx.db
      .transaction()
      .execute((trx) =>
        postGoldenReview(ctx, trx, ctx.config.reviewFund ?? "", { domain: "languages", languages: ["fr"] }),
      );
    const jobs = await ctx.db.selectFrom("jobs").select("id").where("domain", "=", "languages").execute();
    expect(jobs).toHaveLength(3);
  });

  it("are retired when good reviewers speak against them", async () => {
    const { id } = await db().selectFrom("golden_tasks").select("id").executeTakeFirstOrThrow();
    // Each has been right on thirty others.
    const others = Array.from({ length: 30 }, (_, index) => ({
      id: `gld_other_${index}`,
      domain: "elsewhere",
      packet: JSON.stringify(task.case),
      answer: "pass" as const,
    }));
    await db().insertInto("golden_tasks").values(others).execute();
    const workers = await db().selectFrom("workers").select("id").limit(6).execute();
    const { id: jobId } = await db().selectFrom("jobs").select("id").executeTakeFirstOrThrow();
    const job = await db().selectFrom("jobs").selectAll().where("id", "=", jobId).executeTakeFirstOrThrow();
    let made = 0;
    async function answered(worker: string, golden: string, answer: "pass" | "fail") {
      made += 1;
      const copy = { ...job, id: `job_copy_${made}`, chain_job_id: `0x${String(made).padStart(64, "0")}` };
      const row = { ...copy, terms: JSON.stringify(job.terms), request: JSON.stringify(job.request) };
      await db()
        .insertInto("jobs")
        .values({ ...row, packet: JSON.stringify(job.packet), preview: null, failure: null })
        .execute();
      await db()
        .insertInto("reviews")
        .values({ id: `rev_${made}`, job_id: copy.id, golden_id: golden, worker_id: worker, answer, reason: "r" })
        .execute();
    }
    for (const worker of workers) for (const other of others) await answered(worker.id, other.id, "pass");
    const retired = () =>
      db()
        .selectFrom("golden_tasks")
        .select(["retired_at", "retired_because"])
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
    for (const { id: worker } of workers) {
      if ((await retired()).retired_at !== null) break;
      await answered(worker, id, "pass");
      await db()
        .updateTable("reviews")
        .set({ answer: null, worker_id: null })
        .where("id", "=", `rev_${made}`)
        .execute();
      const bundle = bundleWith({ answer: "pass", reason: "It was refunded after all, see the text." });
      await db()
        .transaction()
        .execute((trx) => recordReview(stage.stack.gateway.context, trx, `job_copy_${made}`, worker, bundle));
    }
    expect((await retired()).retired_because).toMatch(/^\d of \d reviewers say otherwise$/);
  });
});

/** All that a reviewer sees, but for what differs between any two jobs. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (value === null || typeof value !== "object") return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, shapeOf(entry)]));
}

const bundleWith = (value: { answer: string; reason: string }): EvidenceBundle =>
  evidenceBundleSchema.parse({
    version: 1,
    job_id: "job_01jd3v8q6ze5fr8wq1m4t7x2yk",
    chain_job_id: `0x${"5f".repeat(32)}`,
    round: 0,
    worker: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    resolution: value.answer,
    worker_notes: "",
    items: [{ kind: "json", value }],
  });
