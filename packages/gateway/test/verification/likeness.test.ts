import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../../../scripts/stack/until.ts";
import { type Stage, startStage } from "../gateway/stage.ts";
import { likenessOf } from "@hireforhumans/oracle";
import * as bands from "../../src/database/migrations/0007_likeness_bands.ts";
import { greatestLikenesses } from "../../src/verification/earlier.ts";
import { describeOnDatabases, engines, gatewayDatabase } from "../support/database.ts";

describe.each(engines)("evidence that was there before (%s)", (engine) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ database: gatewayDatabase(engine) });
  });
  afterAll(() => stage.stop());

  const account = (order: string) => ({
    kind: "text" as const,
    text:
      `Spoke with the customer on the phone about order ${order}. The second charge came from a payment page that was ` +
      "loaded twice. It was refunded to the card by which it was paid, which takes three to five working days. The " +
      "customer has the refund's number by mail and agreed to the case being closed. Nothing else is open.",
  });
  const verdictOf = (jobId: string) =>
    until(`there is a verdict on ${jobId}`, () => stage.agent.jobs.verdict(jobId).catch(() => undefined));

  it("a reworded copy is left to a person, with what it is like", async () => {
    const first = await stage.delivered({}, [account("7781")]);
    await stage.reached(first.job.job_id, "paid");
    const second = await stage.delivered({}, [account("9034")]);
    const { outcome, reasons } = await verdictOf(second.job.job_id);
    expect(outcome).toBe("unsure");
    expect(reasons.checks.find(({ check }) => check === "duplicate")).toMatchObject({
      outcome: "unsure",
      details: { near_duplicates: [{ item: 0, percent: expect.any(Number) as number }] },
    });
  });

  it("a copy fails, and what it was copied from does not, when it is looked at once more after it", async () => {
    const original = { kind: "text" as const, text: "Called the bank, which gave back the fee. ".repeat(8) };
    const checks = [{ check: "customer_confirmation" as const, params: {} }];
    const { job, offer } = await stage.accepted({ acceptance: { checks } });
    const { token_hash, url } = await stage.ada.api.evidence.askCustomer(job.job_id, "It is settled.");
    const items = [original, { kind: "customer_confirmation" as const, token_hash }];
    await stage.ada.api.evidence.submit(offer, { resolution: "Done.", items });
    expect((await verdictOf(job.job_id)).outcome).toBe("unsure");

    const copy = await stage.delivered({}, [original]);
    expect((await verdictOf(copy.job.job_id)).outcome).toBe("fail");

    const token = url.split("/").at(-1) ?? "";
    await stage.call("POST", `/v1/confirmations/${token}`, {
      body: { answer: "confirmed" },
      accept: "application/json",
    });
    await stage.reached(job.job_id, "paid");
  });
});

describeOnDatabases("evidence from before there were bands", (database) => {
  const text = { kind: "text" as const, keys: [7, -8, 9] };
  const sketch = (last: number) => Buffer.from([...Array<number>(127).fill(1), last]);
  const like = (evidenceId: string, last: number) =>
    greatestLikenesses(database().db, [{ evidenceId, ...text, sketch: sketch(last) }]).then(([found]) => found);

  beforeAll(async () => {
    const { db } = database();
    // As it was before the migration, but for the jobs and workers of the evidence, which have no part in it.
    for (const statement of [
      sql`alter table evidence drop constraint evidence_job_id_fkey, drop constraint evidence_worker_id_fkey`,
      sql`drop trigger evidence_sketches_bands on evidence_sketches`,
      sql`drop function keep_bands()`,
      sql`drop table evidence_bands`,
      sql`alter table evidence drop column number`,
      sql`create index evidence_sketches_keys on evidence_sketches using gin (keys)`,
    ]) {
      await statement.execute(db);
    }
    for (const [id, at] of Object.entries({ late: "2026-01-03", early: "2026-01-01", middle: "2026-01-02" }))
      await handIn(id, at);
    await keepSketch("early", 2);
    await bands.up(db as unknown as Kysely<unknown>);
  });

  const handIn = (id: string, at = "2026-02-01") =>
    sql`insert into evidence (id, job_id, worker_id, round, bundle, evidence_hash, signature, valid_until_seconds, created_at)
      values (${id}, ${`job_${id}`}, 'wrk', 0, '{}', '0x', '0x', 0, ${at})`.execute(database().db);
  // As a gateway does that knows of no bands.
  const keepSketch = (evidenceId: string, last: number) =>
    database()
      .db.insertInto("evidence_sketches")
      .values({ ...text, evidence_id: evidenceId, item: 0, sketch: sketch(last) })
      .execute();

  it("is found by what came later, in the order in which it was handed in", async () => {
    expect(await like("middle", 3)).toBe(likenessOf("text", sketch(2), sketch(3)));
    expect(await like("early", 3)).toBeUndefined();
    await keepSketch("late", 2);
    expect(await like("middle", 2)).toBe(1);
    expect(await like("early", 2)).toBeUndefined();
    await handIn("next");
    expect(await like("next", 2)).toBe(1);
  });

  it("is found among thousands that share its keys", async () => {
    const { db } = database();
    await sql`insert into evidence (id, job_id, worker_id, round, bundle, evidence_hash, signature, valid_until_seconds)
      select 'many' || i, 'job_many' || i, 'wrk', 0, '{}', '0x', '0x', 0 from generate_series(1, 3000) i`.execute(db);
    await sql`insert into evidence_sketches (evidence_id, item, kind, sketch, keys)
      select 'many' || i, 0, 'text', ${sketch(9)}, ${text.keys} from generate_series(1, 3000) i`.execute(db);
    await handIn("last");
    expect(await like("last", 9)).toBe(1);
    expect(await like("next", 9)).toBe(likenessOf("text", sketch(2), sketch(9)));
  });
});
