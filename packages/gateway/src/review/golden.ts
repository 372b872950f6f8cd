import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type GoldenAnswer, isBadGoldenTask } from "@hireforhumans/oracle";
import { canonicalJson, domainNameSchema, reviewAnswerSchema } from "@hireforhumans/protocol";
import { sql } from "kysely";
import { z } from "zod";
import type { Context, Database, Trx } from "../context.ts";
import { reviewCaseSchema } from "./review-case.ts";
import { type NewReview, postReview } from "./review-job.ts";

const goldenFileSchema = z.array(
  z.strictObject({ domain: domainNameSchema, answer: reviewAnswerSchema, case: reviewCaseSchema }),
);

/**
 * Takes over the golden tasks of a file. Each is known by its content, so reading a file again adds nothing, and one that
 * was retired stays so.
 * @throws Error that names the file and what is wrong in it
 */
export async function readGoldenTasks(db: Database, path: string): Promise<void> {
  const parsed = goldenFileSchema.safeParse(await readJson(path));
  if (!parsed.success) throw new Error(`${path} holds no golden tasks: ${z.prettifyError(parsed.error)}`);
  const tasks = parsed.data.map((task) => ({
    id: `gld_${createHash("sha256").update(canonicalJson(task)).digest("hex").slice(0, 26)}`,
    domain: task.domain,
    packet: JSON.stringify(task.case),
    answer: task.answer,
  }));
  if (tasks.length === 0) return;
  await db
    .insertInto("golden_tasks")
    .values(tasks)
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new Error(`The golden tasks in ${path} can't be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Posts the golden task of this domain that was asked least; none where there is none. */
export async function postGoldenReview(
  ctx: Context,
  trx: Trx,
  reviewFund: string,
  { domain, languages }: Pick<NewReview, "domain" | "languages">,
): Promise<void> {
  const task = await trx
    .selectFrom("golden_tasks")
    .select(["id", "packet"])
    .where("domain", "=", domain)
    .where("retired_at", "is", null)
    .orderBy(sql`(select count(*) from reviews where golden_id = golden_tasks.id)`)
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  if (task === undefined) return;
  const reviewCase = reviewCaseSchema.parse(task.packet);
  await postReview(ctx, trx, reviewFund, { of: { goldenId: task.id }, domain, languages, reviewCase });
}

/**
 * Retires a golden task that its own answers speak against. What it said of reviewers counts no more then.
 * @returns whether it was retired now
 */
export async function retireIfBad(trx: Trx, goldenId: string): Promise<boolean> {
  const { rows } = await sql<GoldenAnswer>`
    select r.answer = t.answer as right,
      count(others.id) filter (where o.answer = others.answer)::int4 as "goldenRight",
      count(others.id) filter (where o.answer <> others.answer)::int4 as "goldenWrong"
    from reviews r join golden_tasks t on t.id = r.golden_id
    left join reviews o on o.worker_id = r.worker_id and o.answer is not null and o.golden_id <> r.golden_id
    left join golden_tasks others on others.id = o.golden_id and others.retired_at is null
    where r.golden_id = ${goldenId} and r.answer is not null
    group by r.id, t.id
  `.execute(trx);
  if (!isBadGoldenTask(rows)) return false;
  const wrong = rows.filter(({ right }) => !right).length;
  const { numUpdatedRows } = await trx
    .updateTable("golden_tasks")
    .set({ retired_at: sql`now()`, retired_because: `${wrong} of ${rows.length} reviewers say otherwise` })
    .where("id", "=", goldenId)
    .where("retired_at", "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
