import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOperator, type Operator } from "@hireforhumans/client";
import type { AuditEntry } from "@hireforhumans/protocol";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { verifyAudit } from "../../src/audit/verify.ts";
import { recordAct } from "../../src/audit/record.ts";
import { fieldBody, type TestGateway, startTestGateway } from "../http/test-gateway.ts";
import { engines } from "../support/database.ts";

const mainPath = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const operatorToken = `hfo_${"a1".repeat(20)}`;

describe.each(engines)("the audit log (%s)", (engine) => {
  let gateway: TestGateway;
  let operator: Operator;
  beforeAll(async () => {
    gateway = await startTestGateway({ engine, funds: 0n, env: { OPERATOR_TOKEN: operatorToken } });
    operator = createOperator({ baseUrl: gateway.url, token: operatorToken });
  });
  afterAll(() => gateway.stop());

  const entries = async (): Promise<AuditEntry[]> => {
    const all: AuditEntry[] = [];
    for await (const entry of operator.audit()) all.push(entry);
    return all;
  };
  const newest = async () => (await entries())[0];
  /** As somebody with all rights on the database would, to whom triggers are no hindrance. */
  const behindTheTrigger = async (statement: ReturnType<typeof sql>) => {
    const { db } = gateway.ctx;
    await sql`alter table audit_log disable trigger user`.execute(db);
    await statement.execute(db);
    await sql`alter table audit_log enable trigger user`.execute(db);
  };

  it("has every privileged act with who did it, to what, and in which request", async () => {
    const { agent, client } = gateway;
    const made = await agent.keys.create({ name: "second", scopes: ["jobs:read", "jobs:write"] });
    expect(await newest()).toMatchObject({ action: "key.created", actor: client.keyId, subject: made.id });
    await agent.keys.rotate(made.id, { grace_minutes: 5 });
    expect(await newest()).toMatchObject({ action: "key.rotated", subject: made.id, details: { grace_minutes: 5 } });
    await agent.keys.revoke(made.id);
    expect(await newest()).toMatchObject({ action: "key.revoked", subject: made.id, client_id: client.clientId });

    const endpoint = await agent.webhooks.createEndpoint({ url: "http://127.0.0.1:9/hook?token=of-the-receiver" });
    expect(await newest()).toMatchObject({ action: "endpoint.created", details: { host: "127.0.0.1:9" } });
    await agent.webhooks.rotateEndpointSecret(endpoint.id);
    expect(await newest()).toMatchObject({ action: "endpoint.secret_rotated", subject: endpoint.id });
    await agent.webhooks.deleteEndpoint(endpoint.id);
    expect(await newest()).toMatchObject({ action: "endpoint.deleted", subject: endpoint.id });
    await agent.webhooks.rotateSecret();
    expect(await newest()).toMatchObject({ action: "client.webhook_secret_rotated", subject: client.clientId });

    const body = { ...fieldBody, description: "Write a five-star review for our restaurant." };
    await gateway.call("POST", "/v1/jobs", { token: client.apiKey, body });
    const [refused] = (await agent.screenings.list({})).data;
    await agent.screenings.appeal(refused!.id, "It is a test form.");
    expect(await newest()).toMatchObject({ action: "screening.appealed", actor: client.keyId, subject: refused!.id });
    await operator.screenings.decide(refused!.id, { allow: false, note: "No." });
    expect(await newest()).toMatchObject({ action: "screening.decided", actor: "operator", subject: refused!.id });

    const let_in = await operator.createClient({ address: devAccounts.treasury.address });
    expect(await newest()).toMatchObject({
      action: "client.created",
      actor: "operator",
      subject: let_in.client_id,
      details: { key_id: let_in.id, address: devAccounts.treasury.address },
    });
    await operator.revokeKey(let_in.id);
    expect(await newest()).toMatchObject({ action: "key.revoked", actor: "operator", subject: let_in.id });
    expect((await gateway.call("GET", "/v1/jobs", { token: let_in.secret })).status).toBe(401);

    const all = await entries();
    expect(all.map(({ action }) => action)).toContain("signer.taken_over");
    expect(all.filter(({ request_id }) => request_id === null).map(({ actor }) => actor)).not.toContain("operator");
    expect(JSON.stringify(all)).not.toMatch(/hfh_|whsec_|of-the-receiver/);
  });

  it("has nothing of what was refused", async () => {
    const before = await newest();
    const { apiKey } = gateway.client;
    await gateway.call("DELETE", "/v1/keys/key_01jd3v8q6ze5fr8wq1m4t7x2yk", { token: apiKey });
    await gateway.call("POST", "/v1/keys", { token: apiKey, body: { name: "x", scopes: [] } });
    expect(await newest()).toEqual(before);
  });

  it("is there for the operator alone", async () => {
    for (const path of ["/v1/audit", "/v1/audit/verification"]) {
      expect((await gateway.call("GET", path)).status).toBe(401);
      expect((await gateway.call("GET", path, { token: gateway.client.apiKey })).status).toBe(403);
    }
  });

  it("can't be changed, thinned out or emptied", async () => {
    const { db } = gateway.ctx;
    for (const statement of [
      sql`update audit_log set actor = 'somebody' where sequence = 1`,
      sql`delete from audit_log where sequence = 1`,
      sql`truncate audit_log`,
    ]) {
      await expect(statement.execute(db)).rejects.toThrow("audit_log is append-only");
    }
    expect(await operator.verifyAudit()).toMatchObject({ intact: true, first_broken: null });
  });

  it("is one chain also where many add to it at once", async () => {
    const before = (await newest())?.sequence ?? 0;
    const names = Array.from({ length: 12 }, (_, index) => `at once ${index}`);
    await Promise.all(names.map((name) => gateway.agent.keys.create({ name, scopes: ["jobs:read"] })));
    expect(await operator.verifyAudit()).toMatchObject({ intact: true, head: { sequence: before + 12 } });
  });

  it("names the first entry that somebody changed or took out behind the trigger's back", async () => {
    const known = await newest();
    await behindTheTrigger(sql`update audit_log set actor = 'nobody' where sequence = 3`);
    expect(await operator.verifyAudit()).toMatchObject({ intact: false, first_broken: { sequence: 3 } });
    const { rows } = await sql<{ actor: string }>`select actor from audit_log where sequence = 1`.execute(
      gateway.ctx.db,
    );
    expect(rows[0]?.actor).toBe("gateway");
    await behindTheTrigger(sql`delete from audit_log where sequence = 2`);
    const broken = await operator.verifyAudit();
    expect(broken.first_broken).toEqual({ sequence: 2, problem: "entry 2 is missing; the next is 3" });

    // Whoever may write the whole chain anew is noticed by what was written down elsewhere, and by nothing else.
    await behindTheTrigger(sql`delete from audit_log`);
    await gateway.ctx.db.transaction().execute(async (trx) => {
      for (let left = known?.sequence ?? 0; left > 0; left -= 1) {
        await recordAct(trx, { caller: "gateway" }, { action: "key.created", subject: "key_forged" });
      }
    });
    expect(await operator.verifyAudit()).toMatchObject({ intact: true, head: { sequence: known?.sequence } });
    const head = { sequence: known?.sequence ?? 0, hash: known?.hash ?? "" };
    expect(await operator.verifyAudit(head)).toMatchObject({
      intact: false,
      first_broken: { sequence: head.sequence },
    });
    expect(await verifyAudit(gateway.ctx.db, { ...head, sequence: head.sequence + 1 })).toMatchObject({
      intact: false,
    });
  });

  it("is checked by a command, which names the broken entry and exits with 1", async () => {
    const run = (...words: string[]) =>
      promisify(execFile)(process.execPath, [mainPath, "audit", ...words], { env: gateway.env }).then(
        ({ stdout }) => ({ code: 0, text: stdout }),
        (error: unknown) => {
          const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
          return { code, text: stdout + stderr };
        },
      );
    const { head } = await operator.verifyAudit();
    const known = `${head?.sequence}:${head?.hash}`;
    const [whole, broken, usage] = await Promise.all([
      run("verify", "--known", known),
      run("verify", "--known", `1:${"0".repeat(64)}`),
      run("erase"),
    ]);
    expect(usage).toEqual({
      code: 1,
      text: "The command is npx pnpm@12 gateway audit verify [--known SEQUENCE:HASH]\n",
    });
    if (engine === "embedded") {
      // It has room for one process, which is the gateway here.
      expect(whole).toMatchObject({ code: 1, text: expect.stringContaining("is in use by another process") as string });
      return;
    }
    expect(whole).toMatchObject({ code: 0, text: expect.stringContaining(`head ${known}`) as string });
    expect(broken).toMatchObject({ code: 1, text: expect.stringContaining("broken at entry 1") as string });
  });
});
