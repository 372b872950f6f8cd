import { sql } from "kysely";
import {
  ApiError,
  type Handoff,
  type JobStatus,
  type OfferAccept,
  escrowDomain,
  parseTerms,
  wordTypes,
} from "@hireforhumans/protocol";
import type { Context, Trx } from "../context.ts";
import { type Outcome, answerOf, inGroups, inOneTransaction } from "../groups.ts";
import type { WorkerCaller } from "../http/caller.ts";
import { appendJobEvents } from "../jobs/events.ts";
import { acceptIntent } from "../settlement/intents.ts";
import { lockWorkers, recountPlaces } from "../workers/places.ts";
import {
  type HandedOverRow,
  type OfferRow,
  handedOverById,
  offerTo,
  offersById,
  presentOffer,
  refusalOf,
} from "./find-offer.ts";
import { endOffers, wakeWorkers } from "./offers.ts";
import { type OpenJob, lockOpenJobs } from "./open-job.ts";

type Worker = WorkerCaller["worker"];

/** The signature has to outlast the time in which a transaction is mined: five blocks of Polygon. */
const MARGIN_SECONDS = 10n;

/** An acceptance whose word was checked. */
interface Acceptance {
  worker: Worker;
  offer: OfferRow;
  word: OfferAccept;
}

/**
 * Takes a worker's signed acceptance: from then on the job is theirs, its context is told, and the relayer carries the
 * signature to the chain. Accepting again what one has accepted gives the same answer.
 * @throws ApiError not_found, offer_taken, offer_expired, offer_already_decided, signature_invalid, signature_expired
 */
export type AcceptOffer = (worker: Worker, offerId: string, word: OfferAccept) => Promise<Handoff>;

/** Acceptances of one transaction: their jobs' rows and those of all who were asked are held until it ends. */
const MOST = 50;

/** What is accepted while other acceptances are being written is written together; who came first gets the job. */
export function createAcceptance(ctx: Context): AcceptOffer {
  const find = inGroups(async (ids: string[]) => {
    const offers = await offersById(ctx.db, ids);
    return ids.map((id) => offers.get(id));
  });
  const findHandedOver = inGroups(async (ids: string[]) => {
    const offers = await handedOverById(ctx.db, ids);
    return ids.map((id) => offers.get(id));
  });
  const accept = inGroups(
    (group: Acceptance[]) => inOneTransaction(ctx, group, (trx, some) => acceptAll(ctx, trx, some)),
    { most: MOST },
  );
  return async (worker, offerId, word) => {
    const offer = offerTo(worker.id, offerId, await find(offerId));
    if (offer.status !== "accepted") {
      const refusal = refusalOf(offer);
      if (refusal !== undefined) throw refusal;
      await checkWord(ctx, worker, offer, word);
      answerOf(await accept({ worker, offer, word }));
    }
    return handoff(ctx, worker, offerTo(worker.id, offerId, await findHandedOver(offerId)));
  };
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

async function acceptAll(ctx: Context, trx: Trx, group: readonly Acceptance[]): Promise<Outcome<undefined>[]> {
  const jobIds = group.map(({ offer }) => offer.job_id);
  const jobs = new Map((await lockOpenJobs(ctx, trx, jobIds)).map((job) => [job.id, job]));
  const offers = await offersById(
    trx,
    group.map(({ offer }) => offer.id),
  );
  const asked = await askedAbout(trx, [...jobs.keys()]);
  await lockWorkers(trx, [...new Set([...asked, ...group.map(({ worker }) => worker.id)])]);
  const given = new Map<string, Given>();
  const outcomes: Outcome<undefined>[] = [];
  for (const { worker, offer: earlier, word } of group) {
    const [offer = earlier, job, other] = [offers.get(earlier.id), jobs.get(earlier.job_id), given.get(earlier.job_id)];
    const again = offer.status === "accepted" || other?.offerId === offer.id;
    const refusal = again ? undefined : await refusalNow(trx, { worker, offer, job }, given);
    outcomes.push(refusal === undefined ? { answer: undefined } : { refusal });
    if (!again && refusal === undefined && job !== undefined)
      given.set(job.id, { job, worker, offerId: offer.id, word, chainJobId: offer.chain_job_id });
  }
  await giveJobs(ctx, trx, [...given.values()]);
  return outcomes;
}

/** A job that a worker gets by their word. */
interface Given {
  job: OpenJob;
  chainJobId: string;
  worker: Worker;
  offerId: string;
  word: OfferAccept;
}

/** @param given What others of the same moment got before. */
async function refusalNow(
  trx: Trx,
  { worker, offer, job }: { worker: Worker; offer: OfferRow; job: OpenJob | undefined },
  given: ReadonlyMap<string, Given>,
): Promise<ApiError | undefined> {
  const taken = given.has(offer.job_id);
  const refusal = refusalOf(taken ? { ...offer, status: "rescinded" } : offer);
  if (refusal !== undefined) return refusal;
  // The next blocks bring most such jobs there again, and nobody is asked twice in a round: so the offer stands.
  if (offer.taken_back) {
    const detail = `Offer ${offer.id}: the chain took back a block of its job. Accept it again in a moment.`;
    return new ApiError("unavailable", detail, { retryAfterSeconds: 1 });
  }
  if (job === undefined) return new ApiError("offer_expired", `Offer ${offer.id}: its job is not open any more.`);
  if (!job.review) return undefined;
  const own = [...given.values()].filter((other) => other.worker.id === worker.id).map((other) => other.job.id);
  return (await hasSeat(trx, worker, job.id, own))
    ? new ApiError("offer_expired", "You have another review of this case; one person reviews a case once.")
    : undefined;
}

async function giveJobs(ctx: Context, trx: Trx, given: readonly Given[]): Promise<void> {
  if (given.length === 0) return;
  const jobIds = given.map(({ job }) => job.id);
  const now = ctx.chain.head().timestampSeconds;
  const rows = given.map(({ job, worker, offerId, word }) => ({
    job: job.id,
    worker: worker.id,
    offer: offerId,
    signature: word.signature,
    valid_until: String(word.valid_until),
    until: (now + BigInt(job.terms.work_window)).toString(),
  }));
  const asRows = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given
    (job text, worker text, offer text, signature text, valid_until int8, until int8)`;
  await sql`
    update offers
    set status = 'accepted', signature = given.signature, valid_until_seconds = given.valid_until, decided_at = now()
    from ${asRows} where offers.id = given.offer
  `.execute(trx);
  const rescinded = await endOffers(trx, jobIds, { status: "rescinded", reason: "accepted by another worker" });
  // The window is an estimate until the chain's own word comes with its block.
  await sql`
    update jobs
    set status = 'accepted', worker_id = given.worker, accepted_at = now(), next_wave_at = null,
      until_seconds = least(given.until, deadline_seconds)
    from ${asRows} where jobs.id = given.job
  `.execute(trx);
  const workerIds = [...new Set(given.map(({ worker }) => worker.id))];
  await trx.updateTable("workers").set({ misses: 0 }).where("id", "in", workerIds).where("misses", ">", 0).execute();
  await recountPlaces(trx, [...new Set([...workerIds, ...rescinded])]);
  await wakeWorkers(ctx.queue, trx, rescinded);
  await appendJobEvents(
    trx,
    given.map(({ job, worker }) => ({
      jobId: job.id,
      type: "job.accepted",
      once: `accepted:${job.round}:${worker.address}`,
      data: { worker: worker.address },
    })),
  );
  await ctx.outbox.enqueueAll(
    trx,
    given.map(({ job, chainJobId, worker, word }) => {
      const onChain = { id: job.id, chainJobId, round: job.round, terms: parseTerms(job.terms) };
      const signed = { validUntilSeconds: BigInt(word.valid_until), signature: word.signature };
      return acceptIntent(ctx.chain.deployment.escrow, onChain, worker.address, signed);
    }),
  );
}

/** Who is being asked about these jobs, whose rows must be locked. */
async function askedAbout(trx: Trx, jobIds: readonly string[]): Promise<string[]> {
  if (jobIds.length === 0) return [];
  const rows = await trx
    .selectFrom("offers")
    .select("worker_id")
    .where("job_id", "in", jobIds)
    .where("status", "=", "pending")
    .execute();
  return rows.map(({ worker_id }) => worker_id);
}

/**
 * Nobody reviews the same case twice. The worker's row is held, so that two acceptances at once see each other.
 * @param own Jobs that the worker is getting in this transaction.
 */
async function hasSeat(trx: Trx, worker: Worker, jobId: string, own: readonly string[]): Promise<boolean> {
  const { rows } = await sql`
    select 1 from reviews mine
    join reviews other on other.id <> mine.id and (other.evidence_id = mine.evidence_id or other.golden_id = mine.golden_id)
    join jobs on jobs.id = other.job_id and (jobs.worker_id = ${worker.id} or jobs.id = any (${own}::text[]))
    where mine.job_id = ${jobId}
    limit 1
  `.execute(trx);
  return rows.length > 0;
}

/** @throws ApiError offer_expired where another has the job since */
function handoff(ctx: Context, worker: Worker, offer: HandedOverRow): Handoff {
  if (offer.job_worker !== worker.id)
    throw new ApiError("offer_expired", `Offer ${offer.id}: its job was given to others since.`);
  const shown = presentOffer(ctx.chain, offer);
  return {
    offer: shown,
    job: {
      job_id: offer.job_id,
      status: offer.job_status as JobStatus,
      round: offer.job_round,
      reward: shown.reward,
      deadline_at: shown.deadline_at,
      terms: offer.terms,
    },
    packet: offer.job_packet,
  };
}
