import { sql } from "kysely";
import type { Database } from "../context.ts";
import { CIRCUIT_FAILURES } from "./retry.ts";

export interface ClaimedDelivery {
  id: string;
  endpoint_id: string;
  event_id: string;
  job_id: string;
  /** Tries so far, this one among them. */
  attempts: number;
}

/** A delivery whose sender crashed is due again after it. */
const CLAIM_SECONDS = 9;
/** How often a sender says that it is still at a delivery: twice may fail before the claim ends. */
export const RENEW_CLAIMS_EVERY_MS = 3_000;

/** So many tries at once for one endpoint, so that a slow receiver leaves room for others. */
const PER_ENDPOINT = 10;
/** Due deliveries that are looked at for room; more wait for the next look. */
const LOOKED_AT = 500;

/**
 * Claims deliveries that are due: for each endpoint and job only the first that is not delivered, so that events arrive
 * in their order. An endpoint that failed many times gets one try until it answers.
 * @param busyEndpoints those that have enough in hand already
 */
export async function claimDeliveries(
  db: Database,
  limit: number,
  busyEndpoints: readonly string[],
): Promise<ClaimedDelivery[]> {
  const { rows } = await sql<ClaimedDelivery>`
    with due as (
      select d.id, d.endpoint_id, d.next_attempt_at, e.failures
      from webhook_deliveries d
      -- "offset 0" keeps both look-ups what they are: from each due delivery, not from all endpoints there ever were.
      cross join lateral (
        select failures from webhook_endpoints e
        where e.id = d.endpoint_id and e.deleted_at is null and coalesce(e.open_until <= now(), true)
        offset 0
      ) e
      where d.status = 'pending' and d.next_attempt_at <= now()
        and d.endpoint_id <> all (${[...busyEndpoints]}::text[])
        and not exists (
          select 1 from webhook_deliveries earlier
          where earlier.endpoint_id = d.endpoint_id and earlier.job_id = d.job_id
            and earlier.sequence < d.sequence and earlier.status = 'pending'
          offset 0
        )
      order by d.next_attempt_at
      limit ${LOOKED_AT}
    ), placed as (
      select id, next_attempt_at, failures, row_number() over (partition by endpoint_id order by next_attempt_at) as place
      from due
    ), locked as (
      select id from webhook_deliveries
      where status = 'pending' and next_attempt_at <= now() and id in (
        select id from placed
        where place <= case when failures >= ${CIRCUIT_FAILURES} then 1 else ${PER_ENDPOINT} end
        order by next_attempt_at
        limit ${limit}
      )
      for update skip locked
    )
    update webhook_deliveries
    set attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => ${CLAIM_SECONDS})
    where id in (select id from locked)
    returning id, endpoint_id, event_id, job_id, attempts
  `.execute(db);
  return rows;
}

/**
 * Of tries that are not over yet. A pause until the next try is never cut short by it. It waits for nobody: what another
 * transaction holds is being ended by it, and would be held in another order.
 */
export async function renewClaims(db: Database, deliveryIds: readonly string[]): Promise<void> {
  if (deliveryIds.length === 0) return;
  await sql`
    update webhook_deliveries set next_attempt_at = now() + make_interval(secs => ${CLAIM_SECONDS})
    where id in (
      select id from webhook_deliveries
      where id = any (${[...deliveryIds]}::text[]) and status = 'pending'
        and next_attempt_at < now() + make_interval(secs => ${CLAIM_SECONDS})
      for no key update skip locked
    )
  `.execute(db);
}

export const hasEnough = (inHand: number): boolean => inHand >= PER_ENDPOINT;
