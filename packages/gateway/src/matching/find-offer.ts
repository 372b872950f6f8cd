import { sql } from "kysely";
import { ApiError, type Offer, formatUsdc } from "@hireforhumans/protocol";
import type { Context, Database } from "../context.ts";
import { inGroups } from "../groups.ts";

const offers = (db: Database) =>
  db
    .selectFrom("offers")
    .innerJoin("jobs", "jobs.id", "offers.job_id")
    .select([
      "offers.id",
      "offers.job_id",
      "offers.worker_id",
      "offers.profile_id",
      "offers.status",
      "offers.reason",
      "offers.round",
      "offers.expires_at",
      "offers.created_at",
      "jobs.category",
      "jobs.domain",
      "jobs.reward",
      "jobs.terms",
      "jobs.deadline_seconds",
      "jobs.chain_job_id",
    ])
    .select(sql<Record<string, unknown>>`coalesce(jobs.preview, offers.packet)`.as("preview"))
    .select(sql<boolean>`offers.expires_at <= now()`.as("expired"))
    // A reorg took back the block by which the job came to be offered.
    .select(
      sql<boolean>`jobs.ended_at is null and (jobs.chain_status is null or jobs.round < offers.round)`.as("taken_back"),
    );

/** An offer with what its worker may know of the job. */
export type OfferRow = Awaited<ReturnType<ReturnType<typeof offers>["execute"]>>[number];

/** @throws ApiError not_found, also where it is somebody else's */
export async function offerOf(db: Database, workerId: string, offerId: string): Promise<OfferRow> {
  return offerTo(workerId, offerId, (await offersById(db, [offerId])).get(offerId));
}

/** @throws ApiError not_found, also where it is somebody else's */
export function offerTo<Row extends OfferRow>(workerId: string, offerId: string, offer: Row | undefined): Row {
  if (offer?.worker_id === workerId) return offer;
  throw new ApiError("not_found", `There is no offer ${offerId} to you.`, { param: "id" });
}

export async function offersById(db: Database, offerIds: readonly string[]): Promise<Map<string, OfferRow>> {
  const rows = await offers(db).where("offers.id", "in", offerIds).execute();
  return new Map(rows.map((row) => [row.id, row]));
}

const handedOver = (db: Database) =>
  offers(db).select([
    "jobs.status as job_status",
    "jobs.round as job_round",
    "jobs.packet as job_packet",
    "jobs.worker_id as job_worker",
  ]);

/** An offer with what who accepted it may know of the job besides. */
export type HandedOverRow = Awaited<ReturnType<ReturnType<typeof handedOver>["execute"]>>[number];

export async function handedOverById(db: Database, offerIds: readonly string[]): Promise<Map<string, HandedOverRow>> {
  const rows = await handedOver(db).where("offers.id", "in", offerIds).execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** A page of one worker's offers, newest first. */
export interface OfferPage {
  workerId: string;
  status: Offer["status"] | undefined;
  /** The offer behind which it begins. */
  before: string | undefined;
  limit: number;
}

/** Pages that are asked for at one moment are read by one statement: workers ask all the time. */
export function createOfferPages(db: Database): (page: OfferPage) => Promise<OfferRow[]> {
  return inGroups(async (pages: OfferPage[]) => {
    const asked = JSON.stringify(pages.map((page, place) => ({ place, ...page })));
    const shown = sql<{ place: number; offer_id: string }>`(
      select asked.place, page.id as offer_id
      from jsonb_to_recordset(${asked}::jsonb)
        as asked (place int4, "workerId" text, status text, before text, "limit" int4)
      cross join lateral (
        select id from offers
        where worker_id = asked."workerId" and (asked.status is null or status = asked.status)
          and (asked.before is null or id < asked.before)
        order by id desc
        limit asked."limit"
      ) as page
    )`.as("shown");
    const rows = await offers(db)
      .innerJoin(shown, "shown.offer_id", "offers.id")
      .select("shown.place")
      .orderBy("offers.id", "desc")
      .execute();
    const byPlace = Map.groupBy(rows, ({ place }) => place);
    return pages.map((_, place) => byPlace.get(place) ?? []);
  });
}

export function presentOffer({ deployment }: Pick<Context["chain"], "deployment">, row: OfferRow): Offer {
  return {
    id: row.id,
    job_id: row.job_id,
    worker_id: row.worker_id,
    profile_id: row.profile_id,
    status: row.status,
    reason: row.reason,
    category: row.category,
    domain: row.domain,
    reward: formatUsdc(row.reward),
    work_window_seconds: row.terms.work_window,
    deadline_at: new Date(Number(row.deadline_seconds) * 1000).toISOString(),
    expires_at: row.expires_at.toISOString(),
    packet: row.preview,
    terms: row.terms,
    chain_id: Number(deployment.chainId),
    escrow: deployment.escrow,
    chain_job_id: row.chain_job_id,
    round: row.round,
    created_at: row.created_at.toISOString(),
  };
}

/** Why an offer can't be answered (any more); undefined where it can. */
export function refusalOf({ id, status, expired, expires_at }: OfferRow): ApiError | undefined {
  if (status === "rescinded") return new ApiError("offer_taken", `Offer ${id}: somebody else accepted the job first.`);
  if (status === "accepted" || status === "rejected") {
    return new ApiError("offer_already_decided", `Offer ${id} was ${status} by you before.`);
  }
  if (status === "canceled") return new ApiError("offer_expired", `Offer ${id} was withdrawn with its job.`);
  if (status === "timeout" || expired) {
    return new ApiError("offer_expired", `Offer ${id} had to be answered before ${expires_at.toISOString()}.`);
  }
  return undefined;
}
