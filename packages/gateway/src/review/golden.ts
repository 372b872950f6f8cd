import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type GoldenAnswer, isBadGoldenTask } from "@hireforhumans/oracle";
import {
  ApiError,
  canonicalJson,
  type GoldenImport,
  type GoldenTask,
  goldenTaskInputSchema,
  type goldenTaskQuerySchema,
  reviewCaseSchema,
} from "@hireforhumans/protocol";
import { sql } from "kysely";
import { z } from "zod";
import { type Act, recordAct } from "../audit/record.ts";
import type { Context, Database, Trx } from "../context.ts";
import { idAfter, pageOf } from "../http/pagination.ts";
import { goldenCaseOf } from "./review-case.ts";
import { type NewReview, postReview } from "./review-job.ts";

const goldenFileSchema = z.array(goldenTaskInputSchema.partial({ language: true }));
type Task = z.output<typeof goldenFileSchema>[number];

/**
 * Takes over the golden tasks of a file. Each is known by its content, so reading a file again adds nothing, and one that
 * was retired stays so.
 * @throws Error that names the file and what is wrong in it
 */
export async function readGoldenTasks(db: Database, path: string): Promise<void> {
  const parsed = goldenFileSchema.safeParse(await readJson(path));
  if (!parsed.success) throw new Error(`${path} holds no golden tasks: ${z.prettifyError(parsed.error)}`);
  await storeTasks(db, parsed.data);
}

/** A task that is there learns its language, where nobody had said it. @returns the ids that were not there before */
async function storeTasks(db: Database | Trx, tasks: readonly Task[]): Promise<string[]> {
  const added: string[] = [];
  for (const task of tasks) {
    const { id, added: isNew } = await db
      .insertInto("golden_tasks")
      .values({
        id: idOf(task),
        domain: task.domain,
        packet: JSON.stringify(task.case),
        answer: task.answer,
        language: task.language ?? null,
      })
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet({ language: sql`coalesce(golden_tasks.language, excluded.language)` }),
      )
      .returning(["id", sql<boolean>`xmax = 0`.as("added")])
      .executeTakeFirstOrThrow();
    if (isNew) added.push(id);
  }
  return added;
}

/** By what is asked and answered: the language came later, and is a fact about it. */
const idOf = ({ domain, answer, case: written }: Task): string =>
  `gld_${createHash("sha256")
    .update(canonicalJson({ domain, answer, case: written }))
    .digest("hex")
    .slice(0, 26)}`;

/**
 * Adds golden tasks, all of them or none.
 * @throws ApiError evidence_file_missing that names the row and the attachment
 */
export async function importGoldenTasks(ctx: Context, act: Act, { tasks }: GoldenImport) {
  await requireFiles(ctx.db, tasks);
  return ctx.db.transaction().execute(async (trx) => {
    const added = await storeTasks(trx, tasks);
    const [first] = added;
    if (first !== undefined) {
      await recordAct(trx, act, { action: "golden_task.imported", subject: first, details: { ids: added } });
    }
    return { ids: tasks.map(idOf), imported: added.length };
  });
}

async function requireFiles(db: Database, tasks: readonly Task[]): Promise<void> {
  for (const [row, task] of tasks.entries()) {
    for (const [index, { sha256 }] of task.case.attachments.entries()) {
      const file = await db.selectFrom("files").select("sha256").where("sha256", "=", sha256).executeTakeFirst();
      if (file !== undefined) continue;
      throw new ApiError("evidence_file_missing", `Of task ${row} the file ${sha256} was not uploaded here.`, {
        param: `tasks.${row}.case.attachments.${index}.sha256`,
      });
    }
  }
}

const presented = (db: Database | Trx) =>
  db
    .selectFrom("golden_tasks")
    .selectAll()
    .select([
      sql<number>`(select count(*) from reviews r where r.golden_id = golden_tasks.id and r.answer is not null)::int4`.as(
        "answers",
      ),
      sql<number>`(select count(*) from reviews r where r.golden_id = golden_tasks.id and r.answer = golden_tasks.answer)::int4`.as(
        "right",
      ),
    ]);
type Presented = Awaited<ReturnType<ReturnType<typeof presented>["executeTakeFirstOrThrow"]>>;

export async function listGoldenTasks(
  db: Database,
  { cursor, limit, domain, status }: z.output<typeof goldenTaskQuerySchema>,
) {
  const after = cursor === undefined ? undefined : idAfter(cursor, "gld", "[0-9a-f]{26}");
  const rows = await presented(db)
    .$if(domain !== undefined, (select) => select.where("domain", "=", domain ?? ""))
    .$if(status !== undefined, (select) => select.where("retired_at", status === "retired" ? "is not" : "is", null))
    .$if(after !== undefined, (select) => select.where("id", "<", after ?? ""))
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
  return pageOf(rows, limit, presentTask);
}

function presentTask({ packet, retired_at, created_at, ...row }: Presented): GoldenTask {
  return {
    ...row,
    case: packet,
    retired_at: retired_at?.toISOString() ?? null,
    created_at: created_at.toISOString(),
  };
}

/** Takes a golden task out of use. The first reason stays. @throws ApiError not_found */
export async function retireGoldenTask(ctx: Context, act: Act, id: string, reason: string): Promise<GoldenTask> {
  return ctx.db.transaction().execute(async (trx) => {
    const retired = await trx
      .updateTable("golden_tasks")
      .set({ retired_at: sql`now()`, retired_because: reason })
      .where("id", "=", id)
      .where("retired_at", "is", null)
      .returning("id")
      .executeTakeFirst();
    const row = await presented(trx).where("id", "=", id).executeTakeFirst();
    if (row === undefined) throw new ApiError("not_found", `There is no golden task ${id}.`, { param: "id" });
    if (retired !== undefined) {
      await recordAct(trx, act, { action: "golden_task.retired", subject: id, details: { reason } });
    }
    return presentTask(row);
  });
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new Error(`The golden tasks in ${path} can't be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Posts the golden task of this domain, in a language of the job's reviewers, that was asked least; none where there is none. */
export async function postGoldenReview(
  ctx: Context,
  trx: Trx,
  reviewFund: string,
  { domain, languages }: Pick<NewReview, "domain" | "languages">,
): Promise<void> {
  // Where a job asks for no language, its reviewers may read English only.
  const read = languages.length === 0 ? ["en"] : [...languages];
  const task = await trx
    .selectFrom("golden_tasks")
    .select(["id", "packet"])
    .where("domain", "=", domain)
    .where((where) => where.or([where("language", "in", read), where("language", "is", null)]))
    .where("retired_at", "is", null)
    .orderBy(sql`(select count(*) from reviews where golden_id = golden_tasks.id)`)
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  if (task === undefined) return;
  const linkTo = (sha256: string) => `${ctx.config.publicUrl}/v1/files/${sha256}`;
  const reviewCase = goldenCaseOf(reviewCaseSchema.parse(task.packet), linkTo);
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
