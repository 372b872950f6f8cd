import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
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
