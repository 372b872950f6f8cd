import { sql } from "kysely";
import { ApiError } from "@hireforhumans/protocol";
import { recordAct } from "../audit/record.ts";
import type { Database } from "../context.ts";
import { isOperator } from "../http/caller.ts";
import type { CallOf } from "../http/route.ts";

/**
 * Ends a key with all that it made: one of the caller's client, or any where the operator asks. Every process asks the
 * database about every request, so it is over everywhere with the commit.
 * @throws ApiError not_found
 */
export async function revokeKey(db: Database, call: CallOf<"revokeKey">): Promise<void> {
  const { caller, params } = call;
  const clientId = isOperator(caller) ? null : caller.client.id;
  await db.transaction().execute(async (trx) => {
    // So that none of them makes one more meanwhile.
    await trx
      .selectFrom("clients")
      .select("id")
      .where("id", "in", trx.selectFrom("api_keys").select("client_id").where("id", "=", params.id))
      .forNoKeyUpdate()
      .execute();
    const { rows } = await sql<{ id: string; client_id: string }>`
      with recursive family as (
        select id from api_keys where id = ${params.id} and client_id = coalesce(${clientId}, client_id)
        union all
        select k.id from api_keys k join family on k.made_by = family.id
      )
      update api_keys set revoked_at = coalesce(revoked_at, now()) where id in (select id from family)
      returning id, client_id
    `.execute(trx);
    const [first] = rows;
    if (first === undefined) throw new ApiError("not_found", `There is no key ${params.id}.`, { param: "id" });
    const alsoRevoked = rows.map(({ id }) => id).filter((id) => id !== params.id);
    await recordAct(trx, call, {
      action: "key.revoked",
      subject: params.id,
      clientId: first.client_id,
      details: { also_revoked: alsoRevoked },
    });
  });
}
