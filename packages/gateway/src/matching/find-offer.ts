import { sql } from "kysely";
import { ApiError, type Offer, formatUsdc } from "@hireforhumans/protocol";
import type { Context, Database } from "../context.ts";

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
      "offers.packet",
      "offers.expires_at",
      "offers.created_at",
      "jobs.category",
      "jobs.domain",
      "jobs.reward",
      "jobs.terms",
      "jobs.deadline_seconds",
      "jobs.chain_job_id",
    ])
    .select(sql<boolean>`offers.expires_at <= now()`.as("expired"));

/** An offer with what its worker may know of the job. */
export type OfferRow = Awaited<ReturnType<ReturnType<typeof offers>["execute"]>>[number];

/** @throws ApiError not_found, also where it is somebody else's */
export async function offerOf(db: Database, workerId: string, offerId: string): Promise<OfferRow> {
  const offer = await offers(db)
    .where("offers.id", "=", offerId)
    .where("offers.worker_id", "=", workerId)
    .executeTakeFirst();
  if (offer === undefined) throw new ApiError("not_found", `There is no offer ${offerId} to you.`, { param: "id" });
  return offer;
}

export async function offersById(db: Database, offerIds: readonly string[]): Promise<Map<string, OfferRow>> {
  const rows = await offers(db).where("offers.id", "in", offerIds).execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** Newest first. */
export async function offersOf(
  db: Database,
  workerId: string,
  page: { status?: Offer["status"] | undefined; before: string | undefined; limit: number },
): Promise<OfferRow[]> {
  return offers(db)
    .where("offers.worker_id", "=", workerId)
    .$if(page.status !== undefined, (select) => select.where("offers.status", "=", page.status ?? "pending"))
    .$if(page.before !== undefined, (select) => select.where("offers.id", "<", page.before ?? ""))
    .orderBy("offers.id", "desc")
    .limit(page.limit)
    .execute();
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
    packet: row.packet,
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
