import { ApiError, domainOf } from "@hireforhumans/protocol";
import type { Context, Trx } from "../context.ts";
import { requireStorable } from "../http/amounts.ts";
import { idAfter, pageOf } from "../http/pagination.ts";
import { type ServedRoute, serve } from "../http/route.ts";
import { newId } from "../ids.ts";
import { lockWorkers, syncProfiles } from "./places.ts";
import { presentProfile } from "./present.ts";

/** More than a person has trades; each is a row that every lookup may read. */
const MAX_PROFILES = 20;

const unique = (values: readonly string[]): string[] => [...new Set(values)];

const noProfile = (id: string): ApiError => new ApiError("not_found", `You have no profile ${id}.`, { param: "id" });

/** What a worker does, by domain. Pools are not here: their clients say who is in. */
export function profileRoutes(ctx: Context): ServedRoute[] {
  const { db } = ctx;

  /** Changes a worker's profiles, what matching sees of them, and wakes matching, all or nothing. */
  async function change<T>(workerId: string, write: (trx: Trx) => Promise<T>): Promise<T> {
    return db.transaction().execute(async (trx) => {
      await lockWorkers(trx, [workerId]);
      const written = await write(trx);
      await syncProfiles(trx, [workerId]);
      await ctx.queue.send(trx, "match", workerId);
      return written;
    });
  }

  return [
    serve("createProfile", async ({ caller, body }) => {
      const { id: workerId, address } = caller.worker;
      requireStorable("hourly_rate", body.hourly_rate);
      return change(workerId, async (trx) => {
        await checkCount(trx, workerId);
        const profile = await trx
          .insertInto("profiles")
          .values({
            id: newId("prf"),
            worker_id: workerId,
            domain: body.domain,
            skills: unique(body.skills),
            languages: unique(body.languages),
            certifications: unique(body.certifications),
            hourly_rate: body.hourly_rate ?? null,
            reputation: await storedScore(trx, address, body.domain),
            active: body.active,
          })
          .onConflict((conflict) =>
            conflict.columns(["worker_id", "domain"]).where("deleted_at", "is", null).doNothing(),
          )
          .returningAll()
          .executeTakeFirst();
        if (profile !== undefined) return presentProfile(profile);
        const domain = JSON.stringify(body.domain);
        throw new ApiError("profile_exists", `You have a profile in ${domain} already; change that one.`, {
          param: "domain",
        });
      });
    }),

    serve("listProfiles", async ({ caller, query }) => {
      const after = idAfter(query.cursor, "prf");
      const rows = await db
        .selectFrom("profiles")
        .selectAll()
        .where("worker_id", "=", caller.worker.id)
        .where("deleted_at", "is", null)
        .$if(after !== undefined, (select) => select.where("id", "<", after ?? ""))
        .orderBy("id", "desc")
        .limit(query.limit + 1)
        .execute();
      return pageOf(rows, query.limit, presentProfile);
    }),

    serve("updateProfile", async ({ caller, params, body }) => {
      const { skills, languages, certifications, hourly_rate, active } = body;
      requireStorable("hourly_rate", hourly_rate);
      const changes = {
        ...(skills === undefined ? {} : { skills: unique(skills) }),
        ...(languages === undefined ? {} : { languages: unique(languages) }),
        ...(certifications === undefined ? {} : { certifications: unique(certifications) }),
        ...(hourly_rate === undefined ? {} : { hourly_rate }),
        ...(active === undefined ? {} : { active }),
      };
      return change(caller.worker.id, async (trx) => {
        const profile = await trx
          .updateTable("profiles")
          .set({ ...changes, id: params.id })
          .where("id", "=", params.id)
          .where("worker_id", "=", caller.worker.id)
          .where("deleted_at", "is", null)
          .returningAll()
          .executeTakeFirst();
        if (profile === undefined) throw noProfile(params.id);
        return presentProfile(profile);
      });
    }),

    serve("deleteProfile", async ({ caller, params }) => {
      await change(caller.worker.id, async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable("profiles")
          .set({ deleted_at: new Date(), available: false })
          .where("id", "=", params.id)
          .where("worker_id", "=", caller.worker.id)
          .where("deleted_at", "is", null)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) throw noProfile(params.id);
      });
    }),
  ];
}

/** What the worker has earned in this domain before, in WAD; undefined: the start. */
async function storedScore(trx: Trx, address: string, domain: string): Promise<string | undefined> {
  const stored = await trx
    .selectFrom("reputations")
    .select("score")
    .where("address", "=", address)
    .where("domain_hash", "=", domainOf(domain))
    .executeTakeFirst();
  return stored?.score;
}

async function checkCount(trx: Trx, workerId: string): Promise<void> {
  const { count } = await trx
    .selectFrom("profiles")
    .select(({ fn }) => fn.countAll<bigint>().as("count"))
    .where("worker_id", "=", workerId)
    .where("deleted_at", "is", null)
    .executeTakeFirstOrThrow();
  if (count < MAX_PROFILES) return;
  throw new ApiError("invalid_request", `You have ${count} profiles; ${MAX_PROFILES} is the most. Remove one first.`);
}
