import { ApiError, type Event, type List } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { eventBody } from "./event-body.ts";
import type { JobRow } from "./find.ts";
import { presentOneJob } from "./present.ts";

/** A job's events after `sequence`, oldest first. */
export async function eventsAfter(ctx: Context, job: JobRow, sequence: number, limit: number): Promise<Event[]> {
  const rows = await ctx.db
    .selectFrom("job_events")
    .select(["id", "sequence", "type", "data", "created_at"])
    .where("job_id", "=", job.id)
    .where("sequence", ">", sequence)
    .orderBy("sequence")
    .limit(limit)
    .execute();
  if (rows.length === 0) return [];
  const data = await presentOneJob(ctx, job);
  return rows.map((row) => eventBody(row, data));
}

/**
 * A page of a job's events, oldest first. Its cursor stands behind the last one also where nothing follows yet, so that
 * a caller that polls can go on with it.
 * @throws ApiError cursor_invalid
 */
export async function listEvents(
  ctx: Context,
  job: JobRow,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<List<Event>> {
  const after = cursor === undefined ? 0 : sequenceOf(cursor);
  const events = await eventsAfter(ctx, job, after, limit + 1);
  const data = events.slice(0, limit);
  const last = data.at(-1)?.sequence ?? after;
  return {
    object: "list",
    data,
    has_more: events.length > limit,
    next_cursor: last === 0 ? null : Buffer.from(`sequence:${last}`).toString("base64url"),
  };
}

function sequenceOf(cursor: string): number {
  const sequence = /^sequence:(\d{1,9})$/.exec(Buffer.from(cursor, "base64url").toString("utf8"))?.[1];
  if (sequence !== undefined) return Number(sequence);
  throw new ApiError("cursor_invalid", "The cursor is not one that this list gave out.", { param: "cursor" });
}
