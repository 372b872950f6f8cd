import { ApiError } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { type ServedRoute, serve } from "../http/route.ts";
import { presentEntry } from "./entry.ts";
import { verifyAudit } from "./verify.ts";

/** Privileged acts, for the operator to read, export and check. */
export function auditRoutes({ db }: Context): ServedRoute[] {
  return [
    serve("listAudit", async ({ query }) => {
      const before = sequenceIn(query.cursor);
      const rows = await db
        .selectFrom("audit_log")
        .selectAll()
        .$if(before !== undefined, (select) => select.where("sequence", "<", before ?? 0n))
        .orderBy("sequence", "desc")
        .limit(query.limit + 1)
        .execute();
      const data = rows.slice(0, query.limit).map(presentEntry);
      const has_more = rows.length > query.limit;
      const next_cursor = has_more ? String(data.at(-1)?.sequence) : null;
      return { object: "list" as const, data, has_more, next_cursor };
    }),

    serve("verifyAudit", ({ query: { known_sequence, known_hash } }) => {
      const both = known_sequence !== undefined && known_hash !== undefined;
      return verifyAudit(db, both ? { sequence: known_sequence, hash: known_hash } : undefined);
    }),
  ];
}

function sequenceIn(cursor: string | undefined): bigint | undefined {
  if (cursor === undefined || /^[1-9]\d{0,15}$/.test(cursor)) return cursor === undefined ? undefined : BigInt(cursor);
  throw new ApiError("cursor_invalid", "The cursor is not one that this list gave out.", { param: "cursor" });
}
