import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { engines } from "../support/database.ts";
import { recordingLog } from "../support/log.ts";
import { type TestGateway, eventually, fieldBody, startTestGateway } from "./test-gateway.ts";

describe.each(engines)("a gateway that is told to stop (%s)", (engine) => {
  const { log, lines } = recordingLog();
  const start = (env: Record<string, string> = {}) => startTestGateway({ engine, log, env });

  /** A post on a connection that is kept, as balancers do. */
  function post(gateway: TestGateway, agent: Agent) {
    const headers = { authorization: `Bearer ${gateway.client.apiKey}`, "content-type": "application/json" };
    const sent = request(`${gateway.url}/v1/jobs`, { agent, method: "POST", headers });
    sent.end(JSON.stringify(fieldBody));
    return sent;
  }
  async function answerTo(sent: ReturnType<typeof request>) {
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    return { status: answer.statusCode, connection: answer.headers.connection, body: await json(answer) };
  }

  it("says that it is not ready and still serves, on kept connections and new ones, until its balancer knows", async () => {
    const gateway = await start({ DRAIN_SECONDS: "3" });
    const kept = new Agent({ keepAlive: true });
    expect(await answerTo(post(gateway, kept))).toMatchObject({ status: 201, connection: "keep-alive" });

    const stopped = gateway.stop();
    expect(await gateway.call("GET", "/readyz")).toMatchObject({
      status: 503,
      body: { status: "unavailable", parts: { serving: { detail: "is about to stop" } } },
    });
    expect(await gateway.call("GET", "/livez")).toMatchObject({ status: 200 });
    expect(await answerTo(post(gateway, kept))).toMatchObject({ status: 201, connection: "close" });
    expect(await answerTo(post(gateway, new Agent()))).toMatchObject({ status: 201, connection: "close" });

    await stopped;
    expect(await served(gateway)).toBe(false);
    expect(lines.filter(({ msg }) => msg === "not ready")).toEqual([]);
    kept.destroy();
  });

  // The embedded database does one thing at a time, so nothing can be held up in it while the rest of a gateway ends.
  if (engine !== "postgres") return;
  it("does what it has in hand before it closes the database, also where the caller has left", async () => {
    const gateway = await start();
    const { db } = gateway.ctx;
    const [holding, release] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const transaction = db.transaction().execute(async (trx) => {
      await trx.selectFrom("clients").select("id").forUpdate().execute();
      holding.resolve(undefined);
      await release.promise;
    });
    await holding.promise;
    const sent = post(gateway, new Agent());
    sent.on("error", () => undefined);
    await eventually(async () => {
      const { rows } = await sql`select 1 from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock'`.execute(db);
      return rows[0];
    });

    sent.destroy();
    const linesBefore = lines.length;
    const stopped = gateway.stop();
    await eventually(async () => ((await served(gateway)) ? undefined : true));
    // Nothing but the work itself holds up the end now: time enough for the rest to end, were it not waited for.
    await sleep(1_500);
    release.resolve(undefined);
    await transaction;
    await stopped;

    expect(lines.slice(linesBefore).filter(({ level }) => Number(level) >= 50)).toEqual([]);
    expect(lines).toContainEqual(expect.objectContaining({ route: "/v1/jobs", status: 499 }));
  });
});

const served = (gateway: TestGateway) =>
  gateway.call("GET", "/livez").then(
    () => true,
    () => false,
  );
