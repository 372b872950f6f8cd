import { ApiError, type JobStatus, type Message, type MessageCreate, isFinal } from "@hireforhumans/protocol";
import type { Selectable } from "kysely";
import type { Context, Trx } from "../context.ts";
import type { Schema } from "../database/schema.ts";
import { type Caller, isWorker } from "../http/caller.ts";
import { newId } from "../ids.ts";
import { requireDecentMessage } from "../screening/screen-job.ts";
import { appendJobEvent } from "./events.ts";
import { type JobRow, lockJobOf } from "./find.ts";

/**
 * A word between agent and worker. A worker's question makes the job wait for the agent's answer, and the agent hears of
 * it by event.
 * @throws ApiError not_found, wrong_status, invalid_request, message_refused
 */
export async function sendMessage(ctx: Context, caller: Caller, jobId: string, body: MessageCreate): Promise<Message> {
  const author = isWorker(caller) ? "worker" : "agent";
  const foreign = author === "worker" ? "answer" : "question";
  if (body.kind === foreign) {
    throw new ApiError("invalid_request", `kind: The ${author} can't send a message of the kind ${foreign}.`, {
      param: "kind",
    });
  }
  if (!isWorker(caller)) await requireDecentMessage(ctx, caller, body.body);
  return ctx.db.transaction().execute(async (trx) => {
    const job = await lockJobOf(trx, caller, jobId);
    requireOpenForWords(job, body.kind);
    const row = await trx
      .insertInto("messages")
      .values({ id: newId("msg"), job_id: jobId, author, kind: body.kind, body: body.body })
      .returningAll()
      .executeTakeFirstOrThrow();
    if (body.kind === "question") await ask(trx, row);
    if (body.kind === "answer") await setAwaiting(trx, jobId, false);
    return presentMessage(row);
  });
}

function requireOpenForWords({ status, awaiting_answer }: JobRow, kind: MessageCreate["kind"]): void {
  if (isFinal(status as JobStatus))
    throw new ApiError("wrong_status", `The job is ${status}; there is nobody to read this.`);
  if (kind === "question" && status !== "accepted") {
    throw new ApiError("wrong_status", `The job is ${status}; questions are asked while it is accepted.`);
  }
  if (kind === "answer" && !awaiting_answer) {
    throw new ApiError("wrong_status", "No question waits for an answer. Send a note.");
  }
}

async function ask(trx: Trx, { id, job_id, body }: Selectable<Schema["messages"]>): Promise<void> {
  await setAwaiting(trx, job_id, true);
  const data = { message_id: id, question: body };
  await appendJobEvent(trx, { jobId: job_id, type: "job.question", once: `question:${id}`, data });
}

async function setAwaiting(trx: Trx, jobId: string, awaiting_answer: boolean): Promise<void> {
  await trx.updateTable("jobs").set({ awaiting_answer }).where("id", "=", jobId).execute();
}

export function presentMessage(row: Selectable<Schema["messages"]>): Message {
  return {
    id: row.id,
    job_id: row.job_id,
    author: row.author,
    kind: row.kind,
    body: row.body,
    created_at: row.created_at.toISOString(),
  };
}
