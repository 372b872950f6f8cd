import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Wallet } from "ethers";
import { createEscrowClient, ContractCallError } from "@hireforhumans/client";
import { parseUsdc, totalOf } from "@hireforhumans/protocol";
import { FEE, REWARD, setStage, TOTAL, type Stage } from "../support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(async () => {
  await stage.stop();
});

const refusal = (call: Promise<unknown>): Promise<ContractCallError> =>
  call.then(
    () => {
      throw new Error("was not refused");
    },
    (error: unknown) => {
      if (error instanceof ContractCallError) return error as ContractCallError;
      throw error;
    },
  );

describe("fund", () => {
  it("tells of a missing allowance before anything is sent", async () => {
    const { client } = stage;
    await client.approve({ amount: 0n });
    const error = await refusal(client.fund({ terms: await stage.terms() }));
    expect(error.code).toBe("insufficient_allowance");
    expect(error.message).toContain("fund: ");
  });

  it("tells of a balance that is too small", async () => {
    const poor = Wallet.createRandom(stage.provider);
    await stage.chain.rpc("hardhat_setBalance", [poor.address, "0xde0b6b3a7640000"]);
    const escrow = createEscrowClient({ deployment: stage.deployment, signer: poor });
    await escrow.approve({ amount: TOTAL });
    const error = await refusal(escrow.fund({ terms: await stage.terms({ client: poor.address }) }));
    expect(error.code).toBe("insufficient_funds");
  });

  it("locks reward and fee under the id that everyone computes from the terms", async () => {
    const { client } = stage;
    const terms = await stage.terms();
    const before = await client.balance();
    await client.approve({ amount: totalOf(terms.reward) });
    const funded = await client.fund({ terms });
    expect(funded).toMatchObject({ jobId: stage.idOf(terms), reward: REWARD, fee: FEE });
    expect(await client.job({ jobId: funded.jobId })).toMatchObject({ status: "open", round: 0n });
    expect(before.held - (await client.balance()).held).toBe(TOTAL);
  });

  it("refuses the same terms again, and says where that job stands", async () => {
    const terms = await stage.funded();
    await stage.client.approve({ amount: TOTAL });
    const error = await refusal(stage.client.fund({ terms }));
    expect(error).toMatchObject({ reason: "AlreadyFunded", code: "wrong_status" });
    expect(error.message).toContain("is open");
  });

  it("lets an operator spend inside its limit and not a base unit beyond", async () => {
    const { client, relayer, addresses } = stage;
    const expiresAt = (await client.chainTime()) + 3_600n;
    await client.approve({ amount: parseUsdc("1000") });
    await client.setSpendingLimit({
      operator: addresses.relayer,
      remaining: TOTAL * 2n - 1n,
      perJob: TOTAL,
      expiresAt,
    });
    await relayer.fund({ terms: await stage.terms() });
    expect(await client.spendingLimit({ client: addresses.client, operator: addresses.relayer })).toEqual({
      remaining: TOTAL - 1n,
      perJob: TOTAL,
      expiresAt,
    });
    const error = await refusal(relayer.fund({ terms: await stage.terms() }));
    expect(error).toMatchObject({ reason: "SpendingLimitExceeded", code: "insufficient_allowance" });
    expect(error.message).toContain("needs 15.375 USDC; its limit has 15.374999 USDC left");
  });
});

describe("fundWithPermit", () => {
  it("funds without an approval before", async () => {
    const { client } = stage;
    await client.approve({ amount: 0n });
    const terms = await stage.terms();
    const permit = await client.signPermit({ value: TOTAL });
    const { jobId } = await client.fundWithPermit({ terms, permit });
    expect((await client.job({ jobId })).status).toBe("open");
  });
});

describe("fundWithAuthorization", () => {
  it("lets anyone carry the client's payment, for these terms only", async () => {
    const { client, relayer } = stage;
    await client.approve({ amount: 0n });
    const terms = await stage.terms();
    const authorization = await client.signFundingAuthorization({ terms });
    const other = await stage.terms();
    const error = await refusal(relayer.fundWithAuthorization({ terms: other, authorization }));
    expect(error.code).toBe("authorization_refused");

    const { jobId } = await relayer.fundWithAuthorization({ terms, authorization });
    expect(jobId).toBe(stage.idOf(terms));
    expect((await refusal(relayer.fundWithAuthorization({ terms, authorization }))).reason).toBe("AlreadyFunded");
  });
});

describe("cancel", () => {
  it("gives all back, by the client or by its carried word", async () => {
    const { client, relayer } = stage;
    const before = await client.balance();
    const own = await stage.funded();
    expect((await client.cancel({ terms: own })).amount).toBe(TOTAL);

    const carried = await stage.funded();
    const stolen = await refusal(stage.worker.cancel({ terms: carried }));
    expect(["SenderNotAllowed", "SpendingLimitExpired"]).toContain(stolen.reason);
    const word = await client.signCancel({ terms: carried });
    expect((await relayer.cancel({ terms: carried, word })).amount).toBe(TOTAL);
    expect((await client.balance()).held).toBe(before.held);
  });
});

describe("a client that only reads", () => {
  it("reads, and says what it lacks to send", async () => {
    const reader = createEscrowClient({ deployment: stage.deployment, provider: stage.provider });
    expect((await reader.job({ jobId: stage.idOf(await stage.terms()) })).status).toBe("none");
    await expect(reader.fund({ terms: await stage.terms() })).rejects.toThrow("This client only reads.");
  });
});
