import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Wallet, ZeroHash } from "ethers";
import { ContractCallError, createPoolClient, type PoolClient } from "@hireforhumans/client";
import { bondOf, hashOf, type Terms, Vote } from "@hireforhumans/protocol";
import { mintLocalUsdc } from "../../../../scripts/chain/deploy-local.ts";
import { type DevAccount, devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { answerRandomness } from "../../../../scripts/chain/randomness.ts";
import { seedJurors } from "../../../../scripts/stack/jurors.ts";
import { until } from "../../../../scripts/stack/until.ts";
import { EVIDENCE, REASONS, setStage, type Stage } from "../support/stage.ts";

let stage: Stage;
let stopRandomness: () => Promise<void>;
/** Carries the words of jurors, who have no coin for gas. */
let relayer: PoolClient;
let client: PoolClient;
let worker: PoolClient;

beforeAll(async () => {
  stage = await setStage();
  await seedJurors(stage.chain.url, stage.local);
  stopRandomness = await answerRandomness(stage.chain.url, stage.local);
  relayer = poolOf(devAccounts.relayer);
  client = poolOf(devAccounts.client);
  const [account] = devAccounts.workers;
  if (account === undefined) throw new Error("there are no dev workers");
  worker = poolOf(account);
});
afterAll(async () => {
  await stopRandomness();
  await stage.stop();
});

const poolOf = ({ privateKey }: DevAccount): PoolClient =>
  createPoolClient({ deployment: stage.deployment, signer: new Wallet(privateKey, stage.provider) });

async function refusal(call: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ContractCallError)) throw new Error("the call was not refused", { cause: error });
  return (error as ContractCallError).reason;
}

/** A job that the verifier failed and its worker disputes. */
async function disputed(): Promise<{ terms: Terms; jobId: string }> {
  const terms = await stage.funded({ arbiter: stage.deployment.arbitrationPool });
  await stage.worker.accept({ terms });
  await stage.worker.submit({ terms, evidenceHash: EVIDENCE });
  const fail = { terms, evidenceHash: EVIDENCE, reasonsHash: REASONS };
  const verdict = await stage.verifier.signVerdict({ ...fail, worker: stage.addresses.worker, pass: false });
  await stage.relayer.reject({ ...fail, verdict });
  await stage.worker.dispute({ terms, statementHash: hashOf("The work was done.") });
  return { terms, jobId: stage.idOf(terms) };
}

async function passPhase(jobId: string): Promise<void> {
  const { until: end } = await relayer.caseOf({ jobId });
  await stage.chain.increaseTime(Number(end - (await relayer.chainTime())) + 1);
}

/** The drawn jurors by seat. */
async function draw(terms: Terms): Promise<PoolClient[]> {
  await passPhase(stage.idOf(terms));
  const { until: last } = await relayer.lottery();
  const free = last + 301n - (await relayer.chainTime());
  if (free > 0n) await stage.chain.increaseTime(Number(free));
  expect((await relayer.requestDraw({ jobIds: [stage.idOf(terms)] })).jobIds).toEqual([stage.idOf(terms)]);
  await until("the randomness is here", async () => ((await relayer.lottery()).seeded ? true : undefined));
  const { jurors } = await relayer.draw({ terms });
  return jurors.map((address) => {
    const account = devAccounts.jurors.find((juror) => juror.address === address);
    if (account === undefined) throw new Error(`${address} is no juror of this chain`);
    return poolOf(account);
  });
}

async function sealAll(jurors: PoolClient[], jobId: string, panel: bigint, votes: Vote[]) {
  return await Promise.all(
    jurors.map(async (juror, index) => {
      const place = { jobId, panel, seat: BigInt(index) };
      const sealed = await juror.sealVote({ ...place, vote: votes[index] ?? Vote.Unclear });
      return await juror.signCommit({ ...place, commitment: sealed.commitment });
    }),
  );
}

describe("a case", () => {
  it("goes from dispute to ruling, votes sealed, salts forgotten and found again", async () => {
    const { terms, jobId } = await disputed();
    const bond = bondOf(terms.reward);
    const before = await worker.account();
    expect(await refusal(client.appeal({ terms }))).toBe("WrongPhase");
    expect(await client.answer({ terms })).toMatchObject({ round: 0n, bond });
    await worker.addEvidence({ terms, evidenceHash: hashOf("a recording") });
    expect(await refusal(relayer.addEvidence({ terms, evidenceHash: ZeroHash }))).toBe("SenderNotAllowed");

    const jurors = await draw(terms);
    const seats = await relayer.panelOf({ jobId, panel: 0n });
    const words = await sealAll(jurors, jobId, 0n, [Vote.Worker, Vote.Client, Vote.Worker]);
    await relayer.commit({ jobId, words: words.slice(0, 2) });
    const [first] = jurors;
    const early = await first?.findVote({ jobId, panel: 0n, seat: 0n });
    expect(await refusal(relayer.reveal({ jobId, panel: 0n, openings: early ? [early] : [] }))).toBe("TooEarly");
    await relayer.commit({ jobId, words: words.slice(2) });
    expect(await refusal(relayer.commit({ jobId, words: words.slice(2) }))).toBe("WrongPhase");

    // Nothing of what was sealed was kept: each juror finds vote and salt by signing again.
    const found = await Promise.all(
      jurors.map((juror, seat) => juror.findVote({ jobId, panel: 0n, seat: BigInt(seat) })),
    );
    expect(found.map((opening) => opening?.vote)).toEqual([Vote.Worker, Vote.Client, Vote.Worker]);
    expect(await jurors[1]?.findVote({ jobId, panel: 0n, seat: 0n })).toBeUndefined();
    const openings = found.flatMap((opening) => opening ?? []);
    expect((await relayer.reveal({ jobId, panel: 0n, openings })).outcome).toBe(Vote.Worker);

    expect(await refusal(relayer.rule({ terms }))).toBe("TooEarly");
    await passPhase(jobId);
    const ruled = await relayer.rule({ terms });
    expect(ruled).toMatchObject({ winner: Vote.Worker, workerShareBps: 10_000n, fees: bond / 2n });
    expect((await stage.client.job({ jobId })).status).toBe("paid");
    // Her own bond, which she had not got back when the account was read, and what is left of the client's.
    expect((await worker.account()).balance).toBe(before.balance + 2n * bond - bond / 2n);
    expect((await relayer.caseOf({ jobId })).phase).toBe("None");

    // A quarter of the bond, and half of what the one who was wrong loses.
    const earned = bond / 4n + (bond * 3n) / 8n;
    expect((await jurors[0]?.account())?.juror.stake).toBe(200_000_000n + earned);
    expect((await relayer.collect({ juror: seats[0]?.juror ?? "" })).amount).toBe(earned);
  });

  it("is appealed to a larger panel, and rules for the side that is not answered", async () => {
    const { terms, jobId } = await disputed();
    await client.answer({ terms });
    const jurors = await draw(terms);
    await relayer.commit({ jobId, words: await sealAll(jurors, jobId, 0n, [Vote.Client, Vote.Client, Vote.Unclear]) });
    const openings = await Promise.all(
      jurors.map((juror, seat) => juror.findVote({ jobId, panel: 0n, seat: BigInt(seat) })),
    );
    await relayer.reveal({ jobId, panel: 0n, openings: openings.flatMap((opening) => opening ?? []) });
    expect(await refusal(client.appeal({ terms }))).toBe("SenderNotAllowed");
    const word = await worker.signAppeal({ terms, round: 1n });
    const appealed = await relayer.appeal({ terms, by: stage.addresses.worker, word });
    expect(appealed).toMatchObject({ round: 1n, bond: 2n * bondOf(terms.reward) });
    await passPhase(jobId);
    expect((await relayer.rule({ terms })).winner).toBe(Vote.Worker);
  });

  it("punishes a vote that was let out while the panel commits", async () => {
    const { terms, jobId } = await disputed();
    await client.answer({ terms });
    const jurors = await draw(terms);
    const words = await sealAll(jurors, jobId, 0n, [Vote.Worker, Vote.Worker, Vote.Worker]);
    await relayer.commit({ jobId, words: words.slice(0, 1) });
    const opening = await jurors[0]?.findVote({ jobId, panel: 0n, seat: 0n });
    if (opening === undefined) throw new Error("the vote was not found");
    const { juror } = await relayer.denounce({ terms, panel: 0n, opening });
    expect((await relayer.panelOf({ jobId, panel: 0n }))[0]).toMatchObject({ juror, denounced: true });
    expect((await relayer.account()).balance).toBe(bondOf(terms.reward) / 4n);
    await relayer.commit({ jobId, words: words.slice(1) });
    await passPhase(jobId);
    await stage.chain.increaseTime(3_601);
    expect((await relayer.tally({ jobId })).outcome).toBe(Vote.None);
  });
});

describe("accounts and stakes", () => {
  it("come and go by signed words that anyone carries", async () => {
    const wallet = Wallet.createRandom();
    const owner = wallet.address;
    const juror = createPoolClient({ deployment: stage.deployment, signer: wallet.connect(stage.provider) });
    await mintLocalUsdc(stage.chain.url, stage.deployment.usdc, owner, 300_000_000n);

    const authorization = await juror.signDeposit({ amount: 300_000_000n });
    await relayer.depositWithAuthorization({ owner, authorization });
    expect(await refusal(relayer.depositWithAuthorization({ owner, authorization }))).toBe("Error");
    expect(await refusal(relayer.stake({ amount: 200_000_000n, juror: owner }))).toBe("SenderNotAllowed");
    const few = await juror.signStake({ amount: 1n });
    expect(await refusal(relayer.stake({ amount: 1n, juror: owner, word: few }))).toBe("StakeOutOfRange");
    const word = await juror.signStake({ amount: 200_000_000n });
    expect((await relayer.stake({ amount: 200_000_000n, juror: owner, word })).stake).toBe(200_000_000n);
    expect(await refusal(relayer.collect({ juror: owner }))).toBe("NothingToCollect");
    expect((await relayer.reweigh({ juror: owner })).weight).toBe(200n);

    const stands = await juror.signSetStandingAnswer({ stands: true });
    expect((await relayer.setStandingAnswer({ stands: true, owner, word: stands })).stands).toBe(true);
    const out = await juror.signWithdraw({ amount: 100_000_000n });
    await relayer.withdraw({ amount: 100_000_000n, owner, word: out });
    expect(await refusal(relayer.withdraw({ amount: 100_000_000n, owner, word: out }))).toBe("SignatureInvalid");

    expect(await refusal(relayer.unstake({ juror: owner }))).toBe("StakeNotFree");
    const { unstakeFrom } = await relayer.retire({ juror: owner, word: await juror.signRetire() });
    await stage.chain.increaseTime(Number(unstakeFrom - (await relayer.chainTime())));
    expect((await relayer.unstake({ juror: owner })).amount).toBe(200_000_000n);
    expect(await juror.account()).toMatchObject({ balance: 200_000_000n, standingAnswer: true, juror: { stake: 0n } });
  });

  it("take a deposit out of an allowance, for oneself and for others", async () => {
    await client.approvePool({ amount: 5_000_000n });
    const { balance } = await worker.account();
    await client.deposit({ amount: 5_000_000n, owner: stage.addresses.worker });
    expect((await worker.account()).balance).toBe(balance + 5_000_000n);
    expect(await refusal(client.deposit({ amount: 1n }))).toBe("Error");
  });
});
