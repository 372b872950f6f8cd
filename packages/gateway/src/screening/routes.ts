import { ApiError, type Screening } from "@hireforhumans/protocol";
import type { Selectable } from "kysely";
import { recordAct } from "../audit/record.ts";
import type { Context } from "../context.ts";
import type { Schema } from "../database/schema.ts";
import { isOperator } from "../http/caller.ts";
import { idAfter, pageOf } from "../http/pagination.ts";
import { type ServedRoute, serve } from "../http/route.ts";

/** Refused jobs: clients see and appeal their own, the operator decides. */
export function screeningRoutes({ db }: Context): ServedRoute[] {
  return [
    serve("listScreenings", async ({ caller, query }) => {
      const after = idAfter(query.cursor, "scr");
      const rows = await db
        .selectFrom("screenings")
        .selectAll()
        .$if(!isOperator(caller), (select) =>
          select.where("client_id", "=", isOperator(caller) ? "" : caller.client.id),
        )
        .$if(query.status !== undefined, (select) => select.where("status", "=", query.status ?? "refused"))
        .$if(after !== undefined, (select) => select.where("id", "<", after ?? ""))
        .orderBy("id", "desc")
        .limit(query.limit + 1)
        .execute();
      return pageOf(rows, query.limit, present);
    }),

    serve("appealScreening", async (call) => {
      const { caller, params, body } = call;
      const appealed = await db.transaction().execute(async (trx) => {
        const row = await trx
          .updateTable("screenings")
          .set({ status: "appealed", appeal: body.message })
          .where("id", "=", params.id)
          .where("client_id", "=", caller.client.id)
          .where("status", "in", ["refused", "appealed"])
          .returningAll()
          .executeTakeFirst();
        const act = { action: "screening.appealed", subject: params.id, clientId: caller.client.id } as const;
        if (row !== undefined) await recordAct(trx, call, act);
        return row;
      });
      if (appealed !== undefined) return present(appealed);
      const known = await db
        .selectFrom("screenings")
        .select("status")
        .where("id", "=", params.id)
        .where("client_id", "=", caller.client.id)
        .executeTakeFirst();
      if (known === undefined) throw noScreening(params.id);
      throw new ApiError("wrong_status", `The refusal is ${known.status} already; the operator has decided.`);
    }),

    serve("decideScreening", async (call) => {
      const { params, body } = call;
      return db.transaction().execute(async (trx) => {
        const decided = await trx
          .updateTable("screenings")
          .set({ status: body.allow ? "allowed" : "upheld", note: body.note })
          .where("id", "=", params.id)
          .returningAll()
          .executeTakeFirst();
        if (decided === undefined) throw noScreening(params.id);
        await recordAct(trx, call, {
          action: "screening.decided",
          subject: decided.id,
          clientId: decided.client_id,
          details: { allow: body.allow, rule: decided.rule, note: body.note },
        });
        return present(decided);
      });
    }),
  ];
}

const noScreening = (id: string) =>
  new ApiError("not_found", `There is no refused job ${id} of yours.`, { param: "id" });

function present(row: Selectable<Schema["screenings"]>): Screening {
  const { id, client_id, rule, param, sentence, status, appeal, note, created_at } = row;
  return { id, client_id, rule, param, sentence, status, appeal, note, created_at: created_at.toISOString() };
}
