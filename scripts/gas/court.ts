import {
  ArbitrationPool__factory,
  ONE_USDC,
  Vote,
  commitmentOf,
  jobIdOf,
  poolDomain,
  signWord,
  type ArbitrationPool,
} from "@hireforhumans/protocol";
import { ContractFactory, MaxUint256, Wallet, id, type Contract } from "ethers";
import { deployCoordinator, fundSubscription, localPoolParameters } from "../chain/arbitration.ts";
import { readArtifact } from "../chain/artifacts.ts";
import { UNSIGNED, gasOf, newJob, passTime, rewind, type BenchJob, type Stage } from "./stage.ts";

const JURORS = 20;
const STAKE = 500n * ONE_USDC;
const DEPOSIT = 1_000n * ONE_USDC;
const STATEMENT = id("statement");
/** The evidence window and the pause between two draws. */
const UNTIL_DRAW_SECONDS = 2n * 3_600n + 301n;
const APPEAL_WINDOW_SECONDS = 12n * 3_600n;

interface Court {
  pool: ArbitrationPool;
  coordinator: Contract;
  jurors: Wallet[];
}

/** What the steps of a dispute cost, in gas. */
export interface DisputeGas {
  /** All transactions of the protocol: dispute, requestDraw, draw with commits, reveals, rule. */
  total: number;
  /** Of these, the one that asks for randomness, most of which the coordinator's stand-in uses. */
  request: number;
  /** The coordinator's own transaction, paid by the subscription, here by the stand-in without a proof to check. */
  answer: number;
}

let built: Promise<Court> | undefined;

/** Plays as many disputes at once to their ruling: two of three jurors vote for the worker, who disputed a fail. */
export async function measureDisputes(stage: Stage, count: number): Promise<DisputeGas> {
  // The first cases fill every slot that is not a case's own.
  built ??= buildCourt(stage);
  const court = await built;
  const cases = await rejectedJobs(stage, court, count);
  return await play(stage, court, cases);
}

async function buildCourt(stage: Stage): Promise<Court> {
  const { relayer, client, escrow, usdc, workers } = stage;
  const coordinator = await deployCoordinator(relayer);
  const { minStake, windows, randomness } = localPoolParameters(await coordinator.getAddress());
  const { abi, bytecode } = await readArtifact("arbitration", "ArbitrationPool");
  const factory = new ContractFactory(abi as [], bytecode, relayer);
  const deployed = await factory.deploy(escrow.target, minStake, windows, randomness);
  await deployed.waitForDeployment();
  const pool = ArbitrationPool__factory.connect(await deployed.getAddress(), relayer);
  await fundSubscription(coordinator, await pool.SUBSCRIPTION_ID());

  await gasOf(usdc.getFunction("approve").send(pool.target, MaxUint256));
  const jurors = Array.from({ length: JURORS }, (_, index) => new Wallet(id(`juror ${index}`)));
  // Whoever deployed the token mints it, and gives.
  const issuer = usdc.runner as typeof relayer;
  const giver = pool.connect(issuer);
  await gasOf(usdc.getFunction("mint").send(issuer.address, 100_000n * ONE_USDC));
  for (const { address } of jurors) await gasOf(giver.deposit(address, STAKE));
  for (const { address } of [client, ...workers]) await gasOf(giver.deposit(address, DEPOSIT));
  const domain = poolDomain(stage.chainId, await pool.getAddress());
  for (const juror of jurors) {
    const word = { juror: juror.address, amount: STAKE, nonce: 0n, validUntil: MaxUint256 };
    await gasOf(pool.stake(juror.address, STAKE, MaxUint256, await signWord(juror, domain, "Stake", word)));
  }
  await gasOf(pool.connect(client).setStandingAnswer(client.address, true, 0n, UNSIGNED));
  const court = { pool, coordinator, jurors };
  await play(stage, court, await rejectedJobs(stage, court, stage.workers.length));
  return court;
}

async function rejectedJobs(stage: Stage, { pool }: Court, count: number): Promise<BenchJob[]> {
  const { escrow, client, verifier, workers } = stage;
  const jobs: BenchJob[] = [];
  for (const worker of workers.slice(0, count)) {
    const job = await newJob(stage, worker, false, { arbiter: await pool.getAddress() });
    const asWorker = escrow.connect(worker);
    await gasOf(escrow.connect(client).fund(job.terms));
    await gasOf(asWorker.accept(job.terms, worker.address, 0n, UNSIGNED));
    await gasOf(asWorker.submit(job.terms, job.verdict.evidenceHash, 0n, UNSIGNED));
    await gasOf(escrow.connect(verifier).reject(job.terms, { ...job.verdict, validUntil: 0n }, UNSIGNED));
    jobs.push(job);
  }
  return jobs;
}

async function play(stage: Stage, court: Court, jobs: BenchJob[]): Promise<DisputeGas> {
  const { escrow, relayer } = stage;
  const { pool } = court;
  const ids = await Promise.all(
    jobs.map(async ({ terms }) => jobIdOf(stage.chainId, await escrow.getAddress(), terms)),
  );

  const disputes = await Promise.all(
    jobs.map(async (job) =>
      escrow.interface.encodeFunctionData("dispute", [
        job.terms,
        job.worker.address,
        STATEMENT,
        job.validUntil,
        await job.signDispute(STATEMENT),
        "0x",
      ]),
    ),
  );
  const dispute = await gasOf(escrow.connect(relayer).multicall(disputes));
  await passTime(UNTIL_DRAW_SECONDS);
  const request = await gasOf(pool.requestDraw(ids));
  const answer = await answerRequest(court);

  // Everybody can compute the panels once the seed is known; here the contract is asked, and its answer taken back.
  const draws = jobs.map(({ terms }) => pool.interface.encodeFunctionData("draw", [terms]));
  const takeBack = await rewind();
  await gasOf(pool.multicall(draws));
  const panels = await Promise.all(ids.map(async (jobId) => (await pool.panelOf(jobId, 0n)).map(({ juror }) => juror)));
  await takeBack();

  const votes = await Promise.all(ids.map(async (jobId, index) => sealVotes(stage, court, jobId, panels[index] ?? [])));
  const drawAndCommit = await gasOf(pool.multicall([...draws, ...votes.map(({ commit }) => commit)]));
  const reveal = await gasOf(pool.multicall(votes.map(({ reveal }) => reveal)));
  await passTime(APPEAL_WINDOW_SECONDS + 1n);
  const rule = await gasOf(pool.multicall(jobs.map(({ terms }) => pool.interface.encodeFunctionData("rule", [terms]))));
  return { total: dispute + request + drawAndCommit + reveal + rule, request, answer };
}

async function answerRequest({ pool, coordinator }: Court): Promise<number> {
  const [request] = (await coordinator.queryFilter("RandomWordsRequested")).slice(-1);
  if (request === undefined) throw new Error("no randomness was asked for");
  const { requestId } = coordinator.interface.parseLog(request)?.args as unknown as { requestId: bigint };
  return await gasOf(coordinator.getFunction("fulfillRandomWords").send(requestId, pool.target));
}

async function sealVotes(
  { chainId }: Stage,
  { pool, jurors }: Court,
  jobId: string,
  panel: string[],
): Promise<{ commit: string; reveal: string }> {
  const address = await pool.getAddress();
  const sealed = await Promise.all(
    panel.map(async (account, index) => {
      const juror = jurors.find((each) => each.address === account);
      if (juror === undefined) throw new Error(`${account} is no juror of this court`);
      const [seat, salt] = [BigInt(index), id(`salt ${jobId} ${index}`)];
      const vote = index === 2 ? Vote.Client : Vote.Worker;
      const commitment = commitmentOf({ chainId, pool: address, jobId, panel: 0n, seat }, vote, salt);
      const word = { jobId, panel: 0n, seat, commitment, validUntil: MaxUint256 };
      const signature = await signWord(juror, poolDomain(chainId, address), "Commit", word);
      return { seat, vote, salt, commitment, validUntil: MaxUint256, signature };
    }),
  );
  return {
    commit: pool.interface.encodeFunctionData("commit", [jobId, sealed]),
    reveal: pool.interface.encodeFunctionData("reveal", [jobId, sealed, sealed]),
  };
}
