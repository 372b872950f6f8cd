import { Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { createLogger } from "../../src/observability/log.ts";
import { engines } from "../support/database.ts";
import { startReceiver, type Receiver } from "../webhooks/receiver.ts";
import { startWorld, type World } from "./world.ts";

describe("secrets", () => {
  let logged = "";
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString();
      done();
    },
  });
  let world: World;
  let receiver: Receiver;
  const answers: string[] = [];
  beforeAll(async () => {
    receiver = await startReceiver();
    // A world has jobs that were paid for, done, failed and disputed, and keys that were rotated and revoked.
    world = await startWorld(engines.at(-1) ?? "embedded", { log: createLogger("trace", destination) });
  }, 120_000);
  afterAll(async () => {
    await world.court.stop();
    await receiver.stop();
  });

  it("stand in no line of the log at its most talkative, and in no error", async () => {
    const { court, tokens, owned } = world;
    const { agent, ada } = court;
    const receiverToken = "token-of-the-receiver-0a1b2c";
    const job = await agent.jobs.create({
      category: "customer_support_escalation",
      description: "Call the customer back.",
      reward: "5.00",
      deadline_minutes: 60,
      webhook_url: receiver.url,
      webhook_headers: { authorization: `Bearer ${receiverToken}` },
    });
    await court.offerFor(ada, job.job_id);
    const made = await agent.keys.create({ name: "made", scopes: ["jobs:read"] });
    const rotated = await agent.keys.rotate(made.id, { grace_minutes: 1 });
    const endpoint = await agent.webhooks.createEndpoint({ url: receiver.url });
    const turned = await agent.webhooks.rotateEndpointSecret(endpoint.id);
    const { webhook_secret } = await agent.webhooks.rotateSecret();
    const accepted = await court.accepted();
    const link = await ada.api.evidence.askCustomer(accepted.job.job_id, "We talked.");
    const confirmation = link.url.split("/").at(-1) ?? "";
    await court.call("GET", `/v1/confirmations/${confirmation}`);

    // Errors of each kind, with secrets in path, query, body and headers.
    for (const token of [tokens.client, tokens.worker, tokens.operator, "hfh_wrong", undefined]) {
      const options = token === undefined ? {} : { token };
      for (const [method, path, body] of [
        ["GET", `/v1/jobs?cursor=${tokens.client}`, undefined],
        ["GET", `/v1/jobs/${tokens.client}`, undefined],
        ["GET", `/v1/confirmations/${confirmation}x`, undefined],
        ["GET", `/v1/jobs/${owned.job}`, undefined],
        ["GET", `/v1/nothing/${confirmation}`, undefined],
        ["DELETE", `/v1/jobs`, undefined],
        ["POST", "/v1/jobs", { secret: tokens.client }],
        ["POST", "/v1/auth/sign-in", { message: "x", signature: "0x12" }],
        ["POST", "/v1/keys", { name: "x", scopes: ["all"] }],
      ] as const) {
        const { status, text } = await court.call(method, path, {
          ...options,
          ...(body === undefined ? {} : { body }),
        });
        // Who sent it with the path is told it again; nobody else has it.
        if (status >= 400 && !path.includes(String(tokens.client)) && !path.includes(confirmation)) answers.push(text);
      }
    }
    await expect.poll(() => receiver.of(job.job_id).length).toBeGreaterThan(0);

    const accounts = [devAccounts.relayer, devAccounts.verifier, devAccounts.client];
    const secrets = {
      ...Object.fromEntries(world.secrets.map((secret, index) => [`secret ${index}`, secret])),
      "a made key": made.secret,
      "a rotated key": rotated.secret,
      "an endpoint's secret": endpoint.secret,
      "a rotated endpoint's secret": turned.secret,
      "the client's webhook secret": webhook_secret,
      "a receiver's token": receiverToken,
      "a confirmation's token": confirmation,
      ...Object.fromEntries(accounts.map(({ privateKey }, index) => [`private key ${index}`, privateKey.slice(2)])),
    };
    expect(logged.split("\n").length).toBeGreaterThan(50);
    expect(logged).toContain('"level":30');
    const found = Object.entries(secrets)
      .filter(([, secret]) => secret !== "nonsense" && !secret.includes("xxxxx"))
      .flatMap(([name, secret]) => [
        ...(logged.includes(secret) ? [`${name} in the log`] : []),
        ...(answers.some((answer) => answer.includes(secret)) ? [`${name} in an error`] : []),
      ]);
    expect(found).toEqual([]);
    expect(logged).not.toContain("postgres@127.0.0.1");
  });
});
