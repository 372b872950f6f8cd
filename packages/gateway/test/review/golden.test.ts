import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evidenceBundleSchema, type EvidenceBundle } from "@hireforhumans/protocol";
import { until } from "../../../../scripts/stack/until.ts";
import { readGoldenTasks } from "../../src/review/golden.ts";
import { recordReview } from "../../src/review/record.ts";
import { domain, signUp, type Stage, type StagedWorker, startStage } from "../gateway/stage.ts";

const task = {
  domain,
  answer: "fail",
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
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "hireforhumans-golden-"));
    path = join(folder, "golden.json");
    await writeFile(path, JSON.stringify([task]));
    // One golden review for each real one.
    stage = await startStage({ env: { GOLDEN_TASKS_FILE: path, GOLDEN_SHARE: "0.5", REVIEW_SHARE: "0.000001" } });
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
        .values({ ...row, packet: JSON.stringify(job.packet), failure: null })
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
