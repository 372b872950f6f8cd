import type { Trx } from "../context.ts";
import { newId } from "../ids.ts";
import { newWebhookSecret } from "../keys/secret.ts";

/** The client of an address, made where there is none. */
export async function clientIdOf(trx: Trx, address: string): Promise<string> {
  await trx
    .insertInto("clients")
    .values({ id: newId("clt"), address, webhook_secret: newWebhookSecret() })
    .onConflict((conflict) => conflict.column("address").doNothing())
    .execute();
  const { id } = await trx.selectFrom("clients").select("id").where("address", "=", address).executeTakeFirstOrThrow();
  return id;
}

/** The worker of an address, made where there is none. */
export async function workerIdOf(trx: Trx, address: string): Promise<string> {
  await trx
    .insertInto("workers")
    .values({ id: newId("wrk"), address })
    .onConflict((conflict) => conflict.column("address").doNothing())
    .execute();
  const { id } = await trx.selectFrom("workers").select("id").where("address", "=", address).executeTakeFirstOrThrow();
  return id;
}

/**
 * A profile of the worker that an offer of this domain can name. Where none is left it is made as a deleted one: what the
 * worker could do is theirs to say again.
 */
export async function profileIdOf(trx: Trx, workerId: string, domain: string): Promise<string> {
  const known = await trx
    .selectFrom("profiles")
    .select("id")
    .where("worker_id", "=", workerId)
    .where("domain", "=", domain)
    .limit(1)
    .executeTakeFirst();
  if (known !== undefined) return known.id;
  const id = newId("prf");
  await trx
    .insertInto("profiles")
    .values({ id, worker_id: workerId, domain, active: false, deleted_at: new Date() })
    .execute();
  return id;
}
