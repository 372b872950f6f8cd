import { Wallet } from "ethers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ArbitrationError, createClient, createWorkerClient, type TrustedContracts } from "@hireforhumans/client";
import { type ArbitrationAccount, type Case, jobIdOf, termsToJson } from "@hireforhumans/protocol";
import { json, type ScriptedGateway, startScriptedGateway } from "../support/gateway.ts";
import { CHAIN_ID, ESCROW, job, terms } from "../support/samples.ts";

const POOL = "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9";
const OTHER = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0";
const USDC = "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359";
const wallet = Wallet.createRandom();
const inPool = { ...terms, arbiter: POOL };
const disputable = job({ terms: termsToJson(inPool), chain_job_id: jobIdOf(CHAIN_ID, ESCROW, inPool) });

const account = (address = POOL): ArbitrationAccount => ({
  address: wallet.address,
  balance: "0.00",
  standing_answer: false,
  nonce: 0,
  juror: null,
  pool: {
    chain_id: CHAIN_ID,
    address,
    usdc: USDC,
    usdc_name: "USD Coin",
    chain_time: 1_767_000_000,
    min_stake: "100.00",
    max_reward: "500.00",
    jurors: 20,
    evidence_window: 7_200,
    commit_window: 3_600,
    reveal_window: 3_600,
    appeal_window: 43_200,
    exit_delay: 500_000,
  },
});

describe("words for disputes", () => {
  let gateway: ScriptedGateway;
  beforeAll(async () => {
    gateway = await startScriptedGateway();
  });
  beforeEach(() => gateway.script(json(200, account())));
  afterAll(() => gateway.stop());

  const trusted: TrustedContracts = { chainId: CHAIN_ID, escrow: ESCROW, usdc: USDC, arbitrationPool: POOL };
  const as = (trust?: TrustedContracts) =>
    createWorkerClient({ baseUrl: gateway.baseUrl, signer: wallet, ...(trust === undefined ? {} : { trusted: trust }) })
      .arbitration;
  const signedAnything = () => gateway.received.some(({ body }) => body.includes("signature"));

  it("pay nobody but a pool that is trusted, whatever the gateway names", async () => {
    await expect(as().deposit("5.00")).rejects.toThrow(ArbitrationError);
    await expect(as({ chainId: CHAIN_ID, escrow: ESCROW }).deposit("5.00")).rejects.toThrow(/none is trusted/);
    gateway.script(json(200, account(OTHER)));
    await expect(as(trusted).deposit("5.00")).rejects.toThrow(`names the arbitration pool ${OTHER}`);
    await expect(as(trusted).stake("100.00", { deposit: "100.00" })).rejects.toThrow(ArbitrationError);
    await expect(as(trusted).withdraw("5.00")).rejects.toThrow(ArbitrationError);
    expect(signedAnything()).toBe(false);
  });

  it("are about the job that is shown, of a trusted escrow", async () => {
    const lying = { ...disputable, terms: { ...disputable.terms, reward: "1" } };
    await expect(as(trusted).dispute(lying, "No.")).rejects.toThrow(/its terms make 0x/);
    await expect(as({ ...trusted, escrow: OTHER }).dispute(disputable, "No.")).rejects.toThrow(`trusted is ${OTHER}`);
    expect(signedAnything()).toBe(false);
  });

  it("need somebody to sign them", async () => {
    const { arbitration } = createClient({ baseUrl: gateway.baseUrl, apiKey: "hfh_key" });
    await expect(arbitration.dispute(disputable, "No.")).rejects.toThrow(/Make this client with a `signer`/);
  });

  it("keep a vote secret until the panel reveals", async () => {
    const found = { ...disputable, phase: "committing", your_seat: 0 } as unknown as Case;
    await expect(as(trusted).reveal(found)).rejects.toThrow(/is committing/);
    expect(gateway.received).toEqual([]);
  });
});
