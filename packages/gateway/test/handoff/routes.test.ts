import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { Wallet } from "ethers";
import { packetHashOf } from "@hireforhumans/protocol";
import { newId } from "../../src/ids.ts";
import { bootstrapClient } from "../../src/keys/bootstrap.ts";
import { type MatchingWorld, matchingWorld } from "../matching/world.ts";
import { describeOnDatabases } from "../support/database.ts";

describeOnDatabases("GET /v1/jobs/:id/packet", (database) => {
  let world: MatchingWorld;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  beforeEach(() => world.clear());
  afterAll(() => world.stop());

  const packet = (job: string, token?: string) => world.call("GET", `/v1/jobs/${job}/packet`, token);

  it("refuses a stranger", async () => {
    const job = await world.job();
    expect((await packet(job)).status).toBe(401);
    expect((await packet(job, "hfh_unknown")).status).toBe(401);
    expect((await packet(job, "hfw_unknown")).status).toBe(401);
  });

  it("gives the client's key the whole, which is what the terms' hash stands for", async () => {
    const job = await world.job();
    const { status, body } = await packet(job, world.client.apiKey);
    expect(status).toBe(200);
    expect(body).toMatchObject({ job_id: job, entities: { customer_name: "Maria Lopez" } });
    const { terms } = await world.ctx.db.selectFrom("jobs").select("terms").executeTakeFirstOrThrow();
    expect(packetHashOf(body as Parameters<typeof packetHashOf>[0])).toBe(terms.spec_hash);
  });

  it("does not exist for another client, nor for a key that may not read", async () => {
    const job = await world.job();
    const other = await bootstrapClient(world.ctx.db, { address: Wallet.createRandom().address });
    expect(await packet(job, other.apiKey)).toMatchObject({ status: 404, body: { code: "not_found" } });
    const writer = await bootstrapClient(world.ctx.db, { address: world.client.address, scopes: ["jobs:write"] });
    expect(await packet(job, writer.apiKey)).toMatchObject({ status: 403, body: { code: "scope_missing" } });
    expect((await packet(newId("job"), world.client.apiKey)).status).toBe(404);
    expect((await packet("job_x", world.client.apiKey)).status).toBe(404);
  });

  it("exists for a worker from acceptance to reopening, and for no other worker", async () => {
    const [worker, other] = [await world.worker(), await world.worker()];
    const job = await world.job();
    await world.waves.advance(job);
    for (const token of [worker.token, other.token]) expect((await packet(job, token)).status).toBe(404);
    const [offer] = await world.offers(job);
    const asked = offer!.worker_id === worker.id ? worker : other;
    const idle = asked === worker ? other : worker;
    await world.call("POST", `/v1/offers/${offer!.id}/accept`, asked.token, await world.acceptance(asked, job));
    expect(await packet(job, asked.token)).toMatchObject({
      status: 200,
      body: { entities: { customer_name: "Maria Lopez" } },
    });
    expect((await packet(job, idle.token)).status).toBe(404);

    await world.ctx.db.updateTable("jobs").set({ status: "open", worker_id: null }).where("id", "=", job).execute();
    expect((await packet(job, asked.token)).status).toBe(404);
  });
});
