import { ZeroAddress } from "ethers";
import { ApiError } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { requireStorable } from "../http/amounts.ts";
import { idAfter, pageOf } from "../http/pagination.ts";
import { type ServedRoute, serve } from "../http/route.ts";
import { bootstrapClient } from "./bootstrap.ts";
import { createKey } from "./create.ts";
import { presentKey } from "./present.ts";
import { revokeKey } from "./revoke.ts";
import { rotateKey } from "./rotate.ts";
import { spentByKeys } from "./spend.ts";

/** Keys and their limits. Secrets leave once, when they are made. */
export function keyRoutes({ db, config }: Context): ServedRoute[] {
  return [
    serve("createClient", async (call) => {
      const { body } = call;
      const { address, name, cap_per_job, cap_total } = body;
      requirePayer(config, address);
      requireStorable("cap_per_job", cap_per_job);
      requireStorable("cap_total", cap_total);
      const options = {
        address,
        name,
        ...(cap_per_job === undefined ? {} : { capPerJob: cap_per_job }),
        ...(cap_total === undefined ? {} : { capTotal: cap_total }),
      };
      const made = await bootstrapClient(db, options, call);
      const row = await db.selectFrom("api_keys").selectAll().where("id", "=", made.keyId).executeTakeFirstOrThrow();
      return { ...presentKey(row, address, 0n), secret: made.apiKey, webhook_secret: made.webhookSecret };
    }),

    serve("createKey", (call) => createKey(db, call)),

    serve("listKeys", async ({ caller, query }) => {
      const after = idAfter(query.cursor, "key");
      const rows = await db
        .selectFrom("api_keys")
        .selectAll()
        .where("client_id", "=", caller.client.id)
        .$if(after !== undefined, (select) => select.where("id", "<", after ?? ""))
        .orderBy("id", "desc")
        .limit(query.limit + 1)
        .execute();
      const spent = await spentByKeys(
        db,
        rows.map((row) => row.id),
      );
      return pageOf(rows, query.limit, (row) => presentKey(row, caller.client.address, spent.get(row.id) ?? 0n));
    }),

    serve("rotateKey", (call) => rotateKey(db, call)),

    serve("revokeKey", (call) => revokeKey(db, call)),
  ];
}

/** A key of these would post jobs for an account that nobody holds, or for the fund that only the gateway posts for. */
function requirePayer({ escrow, reputation, usdc, reviewFund }: Context["config"], address: string): void {
  if (![ZeroAddress, escrow, reputation, usdc, reviewFund].includes(address)) return;
  throw new ApiError("invalid_request", `address is ${address}, which is no client's wallet.`, { param: "address" });
}
