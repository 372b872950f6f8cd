import { sql } from "kysely";
import type { Trx } from "../context.ts";
import { redactPacket } from "../handoff/redact.ts";
import { newId } from "../ids.ts";
import { appendJobEvent } from "../jobs/events.ts";
import type { Queue } from "../queue/queue.ts";
import { recountPlaces } from "../workers/places.ts";
import { type AskingRow } from "./requirements.ts";
import type { Candidate } from "./reserve.ts";

export interface NewOffers {
  job: Pick<AskingRow, "id" | "round">;
  wave: number;
  candidates: readonly Candidate[];
  seconds: number;
}

/** Offers a job to workers that `reserveWorkers` locked; each offer holds a place of its worker until it ends. */
export async function makeOffers(trx: Trx, { job, wave, candidates, seconds }: NewOffers): Promise<void> {
  if (candidates.length === 0) return;
  const { packet } = await trx.selectFrom("jobs").select("packet").where("id", "=", job.id).executeTakeFirstOrThrow();
  const redacted = JSON.stringify(redactPacket(packet));
  const offers = await trx
    .insertInto("offers")
    .values(
      candidates.map(({ workerId, profileId }) => ({
        id: newId("off"),
        job_id: job.id,
        worker_id: workerId,
        profile_id: profileId,
        round: job.round,
        wave,
        packet: redacted,
        expires_at: sql<Date>`now() + make_interval(secs => ${seconds})`,
      })),
    )
    .returning(["id", "expires_at"])
    .execute();
  await recountPlaces(
    trx,
    candidates.map(({ workerId }) => workerId),
  );
  const [first] = offers;
  await appendJobEvent(trx, {
    jobId: job.id,
    type: "job.offered",
    once: `offered:${first?.id ?? ""}`,
    data: { wave, offers: offers.length, expires_at: first?.expires_at.toISOString() },
  });
}

/**
 * Ends the pending offers of a job or of several, or those whose time is over. The jobs' rows must be locked. The places they held are
 * free once `recountPlaces` was called, here or by the worker's turn in the queue.
 * @returns the workers whose offers ended
 */
export async function endOffers(
  trx: Trx,
  jobIds: string | readonly string[],
  ending: { status: "timeout" | "rescinded" | "canceled"; reason: string; expiredOnly?: boolean },
): Promise<string[]> {
  const ended = await trx
    .updateTable("offers")
    .set({ status: ending.status, reason: ending.reason, decided_at: sql`now()` })
    .where("job_id", "in", [jobIds].flat())
    .where("status", "=", "pending")
    .$if(ending.expiredOnly === true, (update) => update.where("expires_at", "<=", sql<Date>`now()`))
    .returning("worker_id")
    .execute();
  return ended.map((offer) => offer.worker_id);
}

/** Lets matching see, after the commit, what these workers could do now. */
export async function wakeWorkers(queue: Queue, trx: Trx, workerIds: readonly string[]): Promise<void> {
  await queue.sendAll(trx, "match", [...new Set(workerIds)]);
}
