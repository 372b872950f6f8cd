import { Contract, Wallet } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PaymentRequiredError, createClient, signPayment } from "@hireforhumans/client";
import { type FundingAuthorization, parseUsdc, paymentProblemSchema } from "@hireforhumans/protocol";
import { mintLocalUsdc } from "../../../../scripts/chain/deploy-local.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { usdcAbi } from "../../../../scripts/chain/usdc.ts";
import type { BootstrappedClient } from "../../src/keys/bootstrap.ts";
import { engines } from "../support/database.ts";
import { type TestGateway, eventually, fieldBody, startTestGateway } from "../http/test-gateway.ts";

const wallet = new Wallet(devAccounts.stranger.privateKey);

describe.each(engines)("paying for a job (%s)", (engine) => {
  let gateway: TestGateway;
  /** A client whose wallet starts with nothing: no USDC, no allowance, no limit. */
  let poor: BootstrappedClient;
  beforeAll(async () => {
    gateway = await startTestGateway({ engine, funds: 100_000_000n });
    poor = await gateway.bootstrap({ address: wallet.address });
  });
  afterAll(() => gateway.stop());

  const post = (body: unknown, token = gateway.client.apiKey) => gateway.call("POST", "/v1/jobs", { token, body });
  const usdc = (privateKey: string) =>
    new Contract(gateway.chain.deployment.usdc, usdcAbi, new Wallet(privateKey, gateway.chain.node));
  const caughtUpAfter = async (change: () => Promise<unknown>) => {
    await change();
    await gateway.chain.chain.mine();
    await gateway.caughtUp();
  };

  it("tells an empty wallet every figure", async () => {
    const { status, body } = await post(fieldBody, poor.apiKey);
    expect(status).toBe(402);
    expect(body).toMatchObject({ code: "insufficient_funds" });
    expect(paymentProblemSchema.parse(body)).toMatchObject({
      needed: "15.375",
      shortfall: "15.375",
      balance: "0.00",
      allowance: "0.00",
      limit_remaining: "0.00",
      limit_per_job: "0.00",
      limit_expires_at: null,
      accepts: [{ network: "eip155:31337", amount: "15375000", payTo: gateway.chain.deployment.escrow }],
    });
  });

  it("names what is missing in the limit when the wallet has enough", async () => {
    await caughtUpAfter(() =>
      gateway.chain
        .escrowOf(devAccounts.client)
        .setSpendingLimit(devAccounts.relayer.address, 100_000_000n, 15_000_000n, 2n ** 40n - 1n),
    );
    const perJob = await post(fieldBody);
    expect(perJob).toMatchObject({
      status: 402,
      body: { code: "insufficient_allowance", shortfall: "0.375", limit_per_job: "15.00" },
    });

    await caughtUpAfter(() =>
      gateway.chain
        .escrowOf(devAccounts.client)
        .setSpendingLimit(devAccounts.relayer.address, 100_000_000n, 100_000_000n, 1n),
    );
    const ended = await post(fieldBody);
    expect(ended).toMatchObject({ status: 402, body: { code: "insufficient_allowance", limit_remaining: "0.00" } });
    expect(ended.body?.["detail"]).toContain("has ended");

    await caughtUpAfter(() =>
      gateway.chain
        .escrowOf(devAccounts.client)
        .setSpendingLimit(devAccounts.relayer.address, 100_000_000n, 100_000_000n, 2n ** 40n - 1n),
    );
  });

  it("never promises more than the wallet holds, however many post at once", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => post({ ...fieldBody, reward: "20.00" })));
    const paid = answers.filter(({ status }) => status === 201);
    // 100 USDC pay four jobs of 20.50 each.
    expect(paid).toHaveLength(4);
    const refused = answers.filter(({ status }) => status === 402);
    expect(refused).toHaveLength(6);
    expect(refused[0]?.body).toMatchObject({ shortfall: "2.50", balance: "18.00" });
    await eventually(async () => {
      const open = await gateway.call("GET", "/v1/jobs?status=open", { token: gateway.client.apiKey });
      return (open.body?.["data"] as unknown[]).length === 4 ? true : undefined;
    });
    expect(await post({ ...fieldBody, reward: "20.00" })).toMatchObject({ status: 402, body: { balance: "18.00" } });
  });

  it("tells of a job that the chain refused after all, and leaves the money where it was", async () => {
    const { chain } = gateway.chain;
    const limitUntil = (expiresAt: bigint) =>
      gateway.chain
        .escrowOf(devAccounts.client)
        .setSpendingLimit(devAccounts.relayer.address, 100_000_000n, 100_000_000n, expiresAt);
    const expiresAt = BigInt(await chain.timeSeconds()) + 120n;
    await caughtUpAfter(() => limitUntil(expiresAt));
    await chain.rpc("evm_setAutomine", [false]);
    const posted = await post({ ...fieldBody, reward: "1.00" });
    expect(posted).toMatchObject({ status: 201, body: { status: "funding" } });
    // The limit ends before the next block.
    await chain.rpc("evm_increaseTime", [300]);
    await chain.mine();
    await chain.rpc("evm_setAutomine", [true]);

    const path = `/v1/jobs/${String(posted.body?.["job_id"])}`;
    const failed = await eventually(async () => {
      const job = await gateway.call("GET", path, { token: gateway.client.apiKey });
      return job.body?.["status"] === "failed" ? job.body : undefined;
    });
    expect(failed["failure"]).toMatchObject({ message: expect.stringContaining("spending limit") as string });
    const headers = { accept: "application/json" };
    const events = await gateway.call("GET", `${path}/events`, { token: gateway.client.apiKey, headers });
    expect((events.body?.["data"] as { type: string }[]).map(({ type }) => type)).toEqual([
      "job.created",
      "job.failed",
    ]);
    await caughtUpAfter(() => limitUntil(2n ** 40n - 1n));
    expect(await post({ ...fieldBody, reward: "1.00" })).toMatchObject({ status: 201 });
  });

  describe("by a signed authorization, with no gas, allowance or limit", () => {
    const body = { ...fieldBody, reward: "8.00", deadline_minutes: 60 };
    let authorization: FundingAuthorization;

    beforeAll(async () => {
      const { chain, deployment } = gateway.chain;
      await caughtUpAfter(() => mintLocalUsdc(chain.url, deployment.usdc, wallet.address, 50_000_000n));
      authorization = await sign();
    });

    async function sign(): Promise<FundingAuthorization> {
      const agent = createClient({ baseUrl: gateway.url, apiKey: poor.apiKey });
      const refusal = await agent.jobs.create(body).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(PaymentRequiredError);
      const [requirement] = (refusal as PaymentRequiredError).payment?.accepts ?? [];
      const { escrow, usdc: token } = gateway.chain.deployment;
      const limits = { deployment: { chainId: 31337, escrow, usdc: token }, maxTotal: parseUsdc("10") };
      return signPayment(wallet, requirement!, limits);
    }

    it("funds the very job that was offered, once", async () => {
      const first = await post({ ...body, authorization }, poor.apiKey);
      expect(first).toMatchObject({ status: 201, body: { chain_job_id: authorization.nonce } });
      const again = await post({ ...body, authorization }, poor.apiKey);
      expect(again).toMatchObject({ status: 201 });
      expect(again.body).toEqual(first.body);
      const others = [
        { description: "Another case." },
        { reward: "1.00" },
        { authorization: { ...authorization, signature: `0x${"11".repeat(65)}` } },
      ];
      for (const other of others) {
        const refused = await post({ ...body, authorization, ...other }, poor.apiKey);
        expect(refused).toMatchObject({ status: 409, body: { code: "idempotency_conflict" } });
      }
      await eventually(async () => {
        const job = await gateway.call("GET", `/v1/jobs/${String(first.body?.["job_id"])}`, { token: poor.apiKey });
        return job.body?.["status"] === "open" ? true : undefined;
      });
      expect(await usdc(wallet.privateKey).getFunction("balanceOf")(wallet.address)).toBe(50_000_000n - 8_200_000n);
    });

    it.each<[string, (given: FundingAuthorization) => object, string]>([
      ["another reward", () => ({ reward: "9.00" }), "authorization.terms.reward"],
      ["another description", () => ({ description: "Something else." }), "authorization.terms.spec_hash"],
      ["another amount", (given) => ({ authorization: { ...given, value: "1" } }), "authorization.value"],
      ["another receiver", (given) => ({ authorization: { ...given, to: wallet.address } }), "authorization.to"],
      [
        "another payer",
        (given) => ({ authorization: { ...given, from: devAccounts.client.address } }),
        "authorization.from",
      ],
      [
        "another nonce",
        (given) => ({ authorization: { ...given, nonce: `0x${"12".repeat(32)}` } }),
        "authorization.nonce",
      ],
      [
        "a time that is over",
        (given) => ({ authorization: { ...given, valid_before: 1 } }),
        "authorization.valid_before",
      ],
      [
        "a time to come",
        (given) => ({ authorization: { ...given, valid_after: 2 ** 40 - 2 } }),
        "authorization.valid_after",
      ],
      [
        "another signature",
        (given) => ({ authorization: { ...given, signature: `0x${"1b".repeat(65)}` } }),
        "authorization.signature",
      ],
      [
        "other terms",
        (given) => ({ authorization: { ...given, terms: { ...given.terms, verifier: wallet.address } } }),
        "authorization.terms.verifier",
      ],
      [
        "an id of nobody's making",
        (given) => ({ authorization: { ...given, terms: { ...given.terms, salt: `0x${"00".repeat(32)}` } } }),
        "authorization.terms.salt",
      ],
    ])("refuses one over %s", async (_, change, param) => {
      const given = await sign();
      const answer = await post({ ...body, authorization: given, ...change(given) }, poor.apiKey);
      expect(answer).toMatchObject({ status: 402, body: { code: "authorization_refused", param } });
    });

    it("refuses one for another client's key", async () => {
      const answer = await post({ ...body, authorization: await sign() });
      expect(answer).toMatchObject({
        status: 402,
        body: { code: "authorization_refused", param: "authorization.terms.client" },
      });
    });

    it("refuses terms that were handed out too long ago", async () => {
      const given = await sign();
      await caughtUpAfter(() => gateway.chain.chain.increaseTime(901));
      const answer = await post({ ...body, authorization: given }, poor.apiKey);
      expect(answer).toMatchObject({ status: 402, body: { param: "authorization.terms.deadline" } });
    });
  });
});
