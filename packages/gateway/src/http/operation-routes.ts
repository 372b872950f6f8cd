import { sql } from "kysely";
import type { Readiness, RouteName } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { SchemaTooNew, newerMigrations } from "../database/migrate.ts";
import { createFigures } from "../observability/figures.ts";
import { Stopping } from "./drain.ts";
import { openApiOf } from "./openapi.ts";
import { type ServedRoute, serve } from "./route.ts";

/** Whether a part can serve: throws when it can't. What it throws goes to the log. */
export type Probe = () => Promise<void> | void;

const PROBE_TIMEOUT_MS = 2_000;

/**
 * What those ask who run the gateway: is it alive, is it ready, its figures, its interface.
 * @param served every route that the document shows beside these
 * @param probes by part; `database` and `chain` are asked in any case
 */
export function operationRoutes(
  ctx: Context,
  served: readonly ServedRoute[],
  probes: Readonly<Record<string, Probe>> = {},
): ServedRoute[] {
  const all = { database: () => requireDatabase(ctx), chain: () => void ctx.chain.head(), ...probes };
  let document: ReturnType<typeof openApiOf> | undefined;
  const refreshFigures = createFigures(ctx);
  const own: ServedRoute[] = [
    serve("getLiveness", () => Promise.resolve({ status: "ok" as const })),

    serve("getReadiness", async ({ response, log }) => {
      const parts: Readiness["parts"] = {};
      for (const [name, probe] of Object.entries(all)) {
        try {
          await inTime(probe);
          parts[name] = { status: "ok" };
        } catch (error) {
          // That it is told to stop is in the log already, and is asked for often.
          if (!(error instanceof Stopping)) log.warn({ err: error, part: name }, "not ready");
          parts[name] = { status: "unavailable", detail: detailOf(error) };
        }
      }
      const ready = Object.values(parts).every((part) => part.status === "ok");
      if (!ready) response.status(503);
      return { status: ready ? ("ok" as const) : ("unavailable" as const), parts };
    }),

    serve("getMetrics", async ({ response }) => {
      await refreshFigures();
      response.type(ctx.metrics.registry.contentType).send(await ctx.metrics.registry.metrics());
    }),

    serve("getOpenApi", () => {
      document ??= openApiOf(namesOf([...served, ...own]), ctx.config.publicUrl);
      return Promise.resolve(document);
    }),
  ];
  return own;
}

const namesOf = (served: readonly ServedRoute[]): RouteName[] => served.map(({ name }) => name);

/** Whoever asks gets no addresses or queries; the log has all. */
function detailOf(error: unknown): string {
  if (error instanceof SchemaTooNew) return "the database is newer than this gateway";
  return error instanceof Stopping ? "is about to stop" : "does not answer; see the log";
}

async function requireDatabase({ db }: Context): Promise<void> {
  await sql`select 1`.execute(db);
  await newerMigrations(db);
}

async function inTime(probe: Probe): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PROBE_TIMEOUT_MS} ms`)), PROBE_TIMEOUT_MS);
  });
  try {
    await Promise.race([Promise.resolve().then(probe), late]);
  } finally {
    clearTimeout(timer);
  }
}
