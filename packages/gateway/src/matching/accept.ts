import { sql } from "kysely";
import {
  ApiError,
  type Handoff,
  type JobStatus,
  type OfferAccept,
  escrowDomain,
  formatUsdc,
  wordTypes,
} from "@hireforhumans/protocol";
import type { Context, Trx } from "../context.ts";
import type { WorkerCaller } from "../http/caller.ts";
import { appendJobEvent } from "../jobs/events.ts";
import { acceptIntent } from "../settlement/intents.ts";
import { jobOnChain } from "../settlement/job-on-chain.ts";
import { lockWorkers, recountPlaces } from "../workers/places.ts";
import { type OfferRow, offerOf, presentOffer, refusalOf } from "./find-offer.ts";
import { endOffers, wakeWorkers } from "./offers.ts";
import { lockOpenJob } from "./open-job.ts";

type Worker = WorkerCaller["worker"];

/** The signature has to outlast the time in which a transaction is mined: five blocks of Polygon. */
const MARGIN_SECONDS = 10n;

/**
 * Takes a worker's signed acceptance: from then on the job is theirs, its context is told, and the relayer carries the
 * signature to the chain. Accepting again what one has accepted gives the same answer.
 * @throws ApiError not_found, offer_taken, offer_expired, offer_already_decided, signature_invalid, signature_expired
 */
export async function acceptOffer(ctx: Context, worker: Worker, offerId: string, word: OfferAccept): Promise<Handoff> {
  const offer = await offerOf(ctx.db, worker.id, offerId);
  if (offer.status !== "accepted") {
    const refusal = refusalOf(offer);
    if (refusal !== undefined) throw refusal;
    await checkWord(ctx, worker, offer, word);
    await ctx.db.transaction().execute((trx) => accept(ctx, trx, worker, offer, word));
  }
  return handoff(ctx, worker, offerId);
}

async function checkWord(ctx: Context, worker: Worker, offer: OfferRow, word: OfferAccept): Promise<void> {
  const now = ctx.chain.head().timestampSeconds;
  if (BigInt(word.valid_until) <= now + MARGIN_SECONDS) {
    throw new ApiError(
      "signature_expired",
      `The signature may be used until ${word.valid_until}; the chain's time is ${now} and carrying it takes a moment.`,
      { param: "valid_until" },
    );
  }
  const { chainId, escrow } = ctx.chain.deployment;
  const message = { jobId: offer.chain_job_id, round: BigInt(offer.round), validUntil: BigInt(word.valid_until) };
  const types = { Accept: wordTypes.Accept };
  const domain = escrowDomain(chainId, escrow);
  if (await ctx.chain.verifyTypedData(worker.address, domain, types, message, word.signature)) return;
  throw new ApiError(
    "signature_invalid",
    `The signature is not ${worker.address}'s over EIP-712 Accept of job ${offer.chain_job_id}, round ${offer.round}, ` +
      `valid until ${word.valid_until}, for chain ${chainId} and escrow ${escrow}.`,
    { param: "signature" },
  );
}

async function accept(ctx: Context, trx: Trx, worker: Worker, { id, job_id, round }: OfferRow, word: OfferAccept) {
  const job = await lockOpenJob(ctx, trx, job_id);
  const offer = await offerOf(trx, worker.id, id);
  if (offer.status === "accepted") return;
  const refusal = refusalOf(offer);
  if (refusal !== undefined) throw refusal;
  if (job === undefined) throw new ApiError("offer_expired", `Offer ${id}: its job is not open any more.`);

  await trx
    .updateTable("offers")
    .set({
      status: "accepted",
      signature: word.signature,
      valid_until_seconds: BigInt(word.valid_until),
      decided_at: sql`now()`,
    })
    .where("id", "=", id)
    .execute();
  const rescinded = await endOffers(trx, job_id, { status: "rescinded", reason: "accepted by another worker" });
  const now = ctx.chain.head().timestampSeconds;
  await trx
    .updateTable("jobs")
    .set({
      status: "accepted",
      worker_id: worker.id,
      accepted_at: sql`now()`,
      next_wave_at: null,
      // An estimate until the chain's own word comes with its block.
      until_seconds: sql`least(${now + BigInt(job.terms.work_window)}::int8, deadline_seconds)`,
    })
    .where("id", "=", job_id)
    .execute();
  await lockWorkers(trx, [worker.id, ...rescinded]);
  await requireOneSeat(trx, worker, job_id);
  await trx.updateTable("workers").set({ misses: 0 }).where("id", "=", worker.id).execute();
  await recountPlaces(trx, [worker.id, ...rescinded]);
  await wakeWorkers(ctx.queue, trx, rescinded);
  await appendJobEvent(trx, {
    jobId: job_id,
    type: "job.accepted",
    once: `accepted:${round}:${worker.address}`,
    data: { worker: worker.address },
  });
  const signed = { validUntilSeconds: BigInt(word.valid_until), signature: word.signature };
  const intent = acceptIntent(ctx.chain.deployment.escrow, await jobOnChain(trx, job_id), worker.address, signed);
  await ctx.outbox.enqueue(trx, intent);
}

/** Nobody reviews the same case twice. The worker's row is held, so that two acceptances at once see each other. */
async function requireOneSeat(trx: Trx, worker: Worker, jobId: string): Promise<void> {
  const { rows } = await sql`
    select 1 from reviews mine
    join reviews other on other.id <> mine.id and (other.evidence_id = mine.evidence_id or other.golden_id = mine.golden_id)
    join jobs on jobs.id = other.job_id and jobs.worker_id = ${worker.id}
    where mine.job_id = ${jobId}
  `.execute(trx);
  if (rows.length === 0) return;
  throw new ApiError("offer_expired", "You have another review of this case; one person reviews a case once.");
}

async function handoff(ctx: Context, worker: Worker, offerId: string): Promise<Handoff> {
  const offer = await offerOf(ctx.db, worker.id, offerId);
  const job = await ctx.db
    .selectFrom("jobs")
    .select(["id", "status", "round", "reward", "terms", "packet"])
    .where("id", "=", offer.job_id)
    .where("worker_id", "=", worker.id)
    .executeTakeFirst();
  if (job === undefined) throw new ApiError("offer_expired", `Offer ${offerId}: its job was given to others since.`);
  const shown = presentOffer(ctx.chain, offer);
  return {
    offer: shown,
    job: {
      job_id: job.id,
      status: job.status as JobStatus,
      round: job.round,
      reward: formatUsdc(job.reward),
      deadline_at: shown.deadline_at,
      terms: job.terms,
    },
    packet: job.packet,
  };
}
