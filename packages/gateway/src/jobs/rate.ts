import { ApiError, type Rating, type RatingCreate } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import type { KeyCaller } from "../http/caller.ts";
import { jobOf } from "./find.ts";
import { presentRating } from "./present.ts";

/** @throws ApiError not_found, wrong_status, already_rated */
export async function rateJob({ db }: Context, caller: KeyCaller, jobId: string, body: RatingCreate): Promise<Rating> {
  const { status } = await jobOf(db, caller, jobId);
  if (status !== "paid") throw new ApiError("wrong_status", `The job is ${status}; it can be rated once it is paid.`);
  const row = await db
    .insertInto("ratings")
    .values({ job_id: jobId, score: body.score, comment: body.comment ?? null })
    .onConflict((conflict) => conflict.column("job_id").doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new ApiError("already_rated", `The job ${jobId} has a rating already; it stands.`);
  return presentRating(row);
}
