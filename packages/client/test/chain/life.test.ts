import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ContractFactory, id, Wallet } from "ethers";
import {
  createEscrowClient,
  encodeAccept,
  encodeMulticall,
  encodeRelease,
  encodeSubmit,
  ContractCallError,
  isSignedBy,
} from "@hireforhumans/client";
import { escrowDomain, signWord, type Terms } from "@hireforhumans/protocol";
import { readArtifact } from "../../../../scripts/chain/artifacts.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { EVIDENCE, REASONS, REWARD, setStage, type Stage, TOTAL } from "../support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(async () => {
  await stage.stop();
});

/** The calls that take an open job to its payment, all by signatures. */
async function wholeLife(terms: Terms): Promise<string[]> {
  const { worker, verifier, addresses } = stage;
  const accept = await worker.signAccept({ terms });
  const submit = await worker.signSubmit({ terms, evidenceHash: EVIDENCE });
  const verdict = await verifier.signVerdict({
    terms,
    worker: addresses.worker,
    evidenceHash: EVIDENCE,
    pass: true,
    reasonsHash: REASONS,
  });
  return [
    encodeAccept({ terms, worker: addresses.worker, word: accept }),
    encodeSubmit({ terms, evidenceHash: EVIDENCE, word: submit }),
    encodeRelease({ terms, evidenceHash: EVIDENCE, reasonsHash: REASONS, verdict }),
  ];
}

describe("a job's life", () => {
  it("goes from accept to pay by own transactions, and moves the reputation", async () => {
    const { client, worker, verifier, relayer, addresses } = stage;
    const terms = await stage.funded();
    const held = (await worker.balance()).held;

    const accepted = await worker.accept({ terms });
    expect(accepted.worker).toBe(addresses.worker);
    expect(accepted.until - (await client.chainTime())).toBe(terms.workWindow);
    await worker.submit({ terms, evidenceHash: EVIDENCE });
    const verdict = await verifier.signVerdict({
      terms,
      worker: addresses.worker,
      evidenceHash: EVIDENCE,
      pass: true,
      reasonsHash: REASONS,
    });
    const released = await relayer.release({ terms, evidenceHash: EVIDENCE, reasonsHash: REASONS, verdict });

    expect(released).toMatchObject({ status: "paid", worker: addresses.worker });
    expect((await worker.balance()).held - held).toBe(REWARD);
    expect(await client.job({ jobId: stage.idOf(terms) })).toMatchObject({ status: "paid" });
    const { score, successes, failures } = await client.reputation({
      worker: addresses.worker,
      domain: "customer_support",
    });
    expect({ score, successes, failures }).toEqual({ score: 0.6, successes: 1n, failures: 0n });
  });

  it("goes from open to paid in one transaction of a relayer", async () => {
    const terms = await stage.funded();
    const { events } = await stage.relayer.multicall({ calls: await wholeLife(terms) });
    expect(events.map((event) => event.name)).toEqual(["Accepted", "Submitted", "Released"]);
    expect((await stage.client.job({ jobId: stage.idOf(terms) })).status).toBe("paid");
  });

  it("is completed by two signatures when the work was done off chain", async () => {
    const { worker, verifier, relayer, addresses } = stage;
    const terms = await stage.funded();
    const about = { terms, worker: addresses.worker, evidenceHash: EVIDENCE, reasonsHash: REASONS };
    const word = await worker.signSubmit({ terms, evidenceHash: EVIDENCE });
    const verdict = await verifier.signVerdict({ ...about, pass: true });
    expect(await relayer.complete({ ...about, word, verdict })).toMatchObject({ status: "paid" });
    await expect(relayer.complete({ ...about, word, verdict })).rejects.toMatchObject({ reason: "WrongStatus" });
  });

  it("pays the good jobs of a batch and says why one is not among them", async () => {
    const [good, stale, alsoGood] = [await stage.funded(), await stage.funded(), await stage.funded()];
    const lives = [await wholeLife(good), await wholeLife(stale), await wholeLife(alsoGood)];
    await stage.client.cancel({ terms: stale });
    const { failed } = await stage.relayer.tryMulticall({ calls: lives.map((calls) => encodeMulticall({ calls })) });
    expect(failed).toMatchObject([{ index: 1, refusal: { name: "WrongStatus", code: "wrong_status" } }]);
    expect(failed[0]?.refusal?.message).toContain("is refunded; it would have to be open");
    for (const terms of [good, alsoGood]) {
      expect((await stage.client.job({ jobId: stage.idOf(terms) })).status).toBe("paid");
    }
  });

  it("goes to another worker when the first lets the work window lapse", async () => {
    const { client, worker, relayer, chain } = stage;
    const terms = await stage.funded();
    await worker.accept({ terms });
    await expect(relayer.reopen({ terms })).rejects.toMatchObject({ reason: "TooEarly", code: "too_early" });
    await chain.increaseTime(Number(terms.workWindow) + 1);
    expect(await relayer.reopen({ terms })).toMatchObject({ worker: stage.addresses.worker, round: 1n });
    // A word of the first round is worth nothing in the second.
    const word = await worker.signAccept({ terms, round: 0n });
    await expect(relayer.accept({ terms, worker: stage.addresses.worker, word })).rejects.toMatchObject({
      reason: "SignatureInvalid",
    });
    const second = await worker.signAccept({ terms });
    expect((await relayer.accept({ terms, worker: stage.addresses.worker, word: second })).round).toBe(1n);
    expect((await client.job({ jobId: stage.idOf(terms) })).status).toBe("accepted");
  });

  it("ends in a full refund when nobody delivers", async () => {
    const { client, relayer, chain } = stage;
    const before = (await client.balance()).held;
    const terms = await stage.funded({ deadline: (await client.chainTime()) + 600n });
    await expect(relayer.refund({ terms })).rejects.toMatchObject({ reason: "TooEarly" });
    await chain.increaseTime(700);
    expect((await relayer.refund({ terms })).amount).toBe(TOTAL);
    expect((await client.balance()).held).toBe(before);
  });

  it("is rejected by the verifier's word, after which the client gets all back", async () => {
    const { worker, verifier, relayer, addresses, chain } = stage;
    const terms = await stage.funded();
    await worker.accept({ terms });
    await worker.submit({ terms, evidenceHash: EVIDENCE });
    const verdict = await verifier.signVerdict({
      terms,
      worker: addresses.worker,
      evidenceHash: EVIDENCE,
      pass: false,
      reasonsHash: REASONS,
    });
    const asPass = relayer.release({ terms, evidenceHash: EVIDENCE, reasonsHash: REASONS, verdict });
    await expect(asPass).rejects.toMatchObject({ reason: "SignatureInvalid" });
    await relayer.reject({ terms, evidenceHash: EVIDENCE, reasonsHash: REASONS, verdict });
    const dispute = worker.dispute({ terms, statementHash: id("unfair") });
    await expect(dispute).rejects.toMatchObject({ reason: "ArbiterMissing", code: "arbiter_missing" });
    await chain.increaseTime(25 * 3600);
    expect((await relayer.refund({ terms })).amount).toBe(TOTAL);
  });

  it("pays the worker when the verifier stays silent", async () => {
    const { worker, relayer, chain } = stage;
    const terms = await stage.funded();
    await worker.accept({ terms });
    await worker.submit({ terms, evidenceHash: EVIDENCE });
    await chain.increaseTime(Number(terms.verifyWindow) + 24 * 3600 + 1);
    expect((await relayer.settle({ terms })).status).toBe("paid");
  });

  it("is released by the client's own word", async () => {
    const { client, worker } = stage;
    const terms = await stage.funded();
    await worker.accept({ terms });
    await worker.submit({ terms, evidenceHash: EVIDENCE });
    await expect(worker.release({ terms, evidenceHash: EVIDENCE })).rejects.toBeInstanceOf(ContractCallError);
    expect((await client.release({ terms, evidenceHash: EVIDENCE })).status).toBe("paid");
  });

  it("goes before its arbiter with the carried word of the worker", async () => {
    const { worker, verifier, relayer, addresses, provider } = stage;
    const { abi, bytecode } = await readArtifact("testing", "TestArbiter");
    const deployer = new Wallet(devAccounts.stranger.privateKey, provider);
    const arbiter = await new ContractFactory(abi as [], bytecode, deployer).deploy();
    await arbiter.waitForDeployment();
    const terms = await stage.funded({ arbiter: await arbiter.getAddress() });
    await worker.accept({ terms });
    await worker.submit({ terms, evidenceHash: EVIDENCE });
    const about = { terms, worker: addresses.worker, evidenceHash: EVIDENCE, reasonsHash: REASONS };
    const verdict = await verifier.signVerdict({ ...about, pass: false });
    await relayer.reject({ ...about, verdict });
    const statementHash = id("unfair");
    const word = await worker.signDispute({ terms, statementHash });
    const { until } = await relayer.dispute({ terms, by: addresses.worker, statementHash, word });
    expect(until).toBeGreaterThan(await relayer.chainTime());
    expect((await relayer.job({ jobId: stage.idOf(terms) })).status).toBe("disputed");
  });
});

describe("withdraw", () => {
  it("sends the treasury its fees, and says when there are none", async () => {
    const { relayer, deployment } = stage;
    const owed = await relayer.credit({ owner: deployment.treasury });
    expect(owed).toBeGreaterThan(0n);
    expect((await relayer.withdraw({ owner: deployment.treasury })).amount).toBe(owed);
    await expect(relayer.withdraw({ owner: deployment.treasury })).rejects.toMatchObject({
      reason: "NothingToWithdraw",
      code: "nothing_to_withdraw",
    });
  });
});

describe("a transaction that fails only when it is mined", () => {
  it("is explained as well", async () => {
    const { worker, chain } = stage;
    const terms = await stage.funded();
    // Both are estimated while the job is open; the second finds it accepted.
    await chain.rpc("evm_setAutomine", [false]);
    const first = worker.accept({ terms });
    const second = stage.verifier.accept({ terms, worker: stage.addresses.worker, word: await offline(terms) });
    const outcome = Promise.allSettled([first, second]);
    await vi.waitFor(async () => {
      expect(await chain.rpc("eth_pendingTransactions")).toHaveLength(2);
    });
    await chain.mine();
    await chain.rpc("evm_setAutomine", [true]);
    const refused = (await outcome).find((each) => each.status === "rejected");
    expect(refused?.reason).toMatchObject({ reason: "WrongStatus", code: "wrong_status" });
  });

  async function offline(terms: Terms): Promise<{ validUntil: bigint; signature: string }> {
    return await stage.worker.signAccept({ terms, round: 0n, validUntil: terms.deadline });
  }
});

describe("a signer without a provider", () => {
  it("signs when it is told what it can't read", async () => {
    const terms = await stage.funded();
    const signer = new Wallet(devAccounts.workers[0]!.privateKey);
    const offline = createEscrowClient({ deployment: stage.deployment, signer });
    const word = await offline.signAccept({ terms, round: 0n, validUntil: terms.deadline });
    expect((await stage.relayer.accept({ terms, worker: signer.address, word })).round).toBe(0n);
    await expect(offline.signCancel({ terms })).rejects.toThrow("The signer has no provider.");
  });
});

describe("isSignedBy", () => {
  it("asks a contract account, and believes a key where there is no code", async () => {
    const { provider, deployment } = stage;
    const owner = new Wallet(devAccounts.stranger.privateKey, provider);
    const { abi, bytecode } = await readArtifact("testing", "TestERC1271Account");
    const account = await new ContractFactory(abi as [], bytecode, owner).deploy(owner.address);
    await account.waitForDeployment();
    const domain = escrowDomain(deployment.chainId, deployment.escrow);
    const message = { jobId: id("job"), validUntil: 1n };
    const signature = await signWord(owner, domain, "Cancel", message);
    const signedBy = (address: string, text = signature): Promise<boolean> =>
      isSignedBy(provider, { account: address, domain, name: "Cancel", message, signature: text });

    expect(await signedBy(await account.getAddress())).toBe(true);
    expect(await signedBy(owner.address)).toBe(true);
    expect(await signedBy(await account.getAddress(), `0x${"11".repeat(65)}`)).toBe(false);
    // A contract that knows no ERC-1271 signed nothing.
    expect(await signedBy(deployment.escrow)).toBe(false);
  });
});
