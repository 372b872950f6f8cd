import {
  Vote,
  bondOf,
  commitmentOf,
  ONE_USDC,
  poolDomain,
  signWord,
  type PoolWords,
  type Words,
  type Terms,
} from "@hireforhumans/protocol";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { MaxUint256, id, parseEther, type Addressable, type TypedDataDomain } from "ethers";
import type { ArbitrationPool, VRFCoordinatorV2_5Mock } from "../../types/ethers-contracts/index.js";
import { newJob, STATEMENT, type Case, type Job, type Status } from "./jobs.ts";
import { HOUR, MINUTE, ethers, loadFixture, networkHelpers } from "./network.ts";
import { NEVER, UNSIGNED, type Party } from "./signatures.ts";
import { deployWorld, type World } from "./world.ts";

export const MIN_STAKE = 100n * ONE_USDC;
export const WINDOWS = { evidence: 2n * HOUR, commit: HOUR, reveal: HOUR, appeal: 12n * HOUR };
export const DRAW_WINDOW = 6n * HOUR;
export const STAKING_WINDOW = 5n * MINUTE;
const JURORS = 20;
const DEPOSIT = 1_000n * ONE_USDC;

/** A world with an arbitration pool over its escrow. Jurors hold accounts of their own, each staked `MIN_STAKE`. */
export interface Court extends World {
  /** Speaks as the relayer. */
  pool: ArbitrationPool;
  poolDomain: TypedDataDomain;
  coordinator: VRFCoordinatorV2_5Mock;
  jurors: HardhatEthersSigner[];
}

/** A job and its court. */
export type Dispute = Case & Court;

/** Goes back to the chain on which the pool is deployed, jurors have staked, and client and worker have a deposit. */
export async function loadCourt(): Promise<Court> {
  return await loadFixture(deployCourt);
}

async function deployCourt(): Promise<Court> {
  const world = await deployWorld();
  const coordinator = await ethers.deployContract("VRFCoordinatorV2_5Mock", [10n ** 17n, 10n ** 9n, 4n * 10n ** 15n]);
  const pool = await deployPool(world, coordinator);
  await coordinator.fundSubscriptionWithNative(await pool.SUBSCRIPTION_ID(), { value: parseEther("100") });
  const signers = await ethers.getSigners();
  const jurors = await Promise.all(
    Array.from({ length: JURORS }, async (_, index) => {
      const juror = signers[signers.length - 1 - index];
      return juror ?? Promise.reject(new Error("too few accounts"));
    }),
  );
  return await courtOf(world, pool, { coordinator, jurors });
}

/** The court of this pool; its jurors stake, and client and worker get a deposit. */
async function courtOf(
  world: World,
  pool: ArbitrationPool,
  { coordinator, jurors }: Pick<Court, "coordinator" | "jurors">,
): Promise<Court> {
  const court = { ...world, pool, coordinator, jurors, poolDomain: poolDomain(world.chainId, await pool.getAddress()) };
  for (const juror of jurors) await stakeAs(court, juror, MIN_STAKE);
  for (const party of [world.client, world.worker]) await depositFor(court, party.address, DEPOSIT);
  return court;
}

/** One more pool, over the escrow and the token of this world and with this source of randomness. */
export async function anotherCourt(court: Court, world: World, coordinator: Addressable): Promise<Court> {
  return await courtOf(world, await deployPool(world, coordinator), court);
}

export async function deployPool(world: World, coordinator: Addressable): Promise<ArbitrationPool> {
  return await ethers.deployContract(
    "ArbitrationPool",
    [
      await world.escrow.getAddress(),
      MIN_STAKE,
      WINDOWS,
      {
        coordinator: await coordinator.getAddress(),
        keyHash: id("gas lane"),
        confirmations: 3n,
      },
    ],
    world.relayer,
  );
}

/** Gives an owner a balance in the pool, out of fresh USDC. */
export async function depositFor(court: Court, owner: string, amount: bigint): Promise<void> {
  const { usdc, issuer, pool } = court;
  await usdc.mint(issuer.address, amount);
  await usdc.approve(await pool.getAddress(), MaxUint256);
  await pool.connect(issuer).deposit(owner, amount);
}

/** Stakes for a juror, out of fresh USDC. */
export async function stakeAs(court: Court, juror: HardhatEthersSigner, amount: bigint): Promise<void> {
  await depositFor(court, juror.address, amount);
  await court.pool.connect(juror).stake(juror.address, amount, 0n, UNSIGNED);
}

/** Stakes for a juror that may be an ERC-1271 account, out of fresh USDC, by its word. */
export async function stakeByWord(court: Court, juror: Party, amount: bigint): Promise<void> {
  const { address } = juror;
  await depositFor(court, address, amount);
  const nonce = await court.pool.nonces(address);
  const signature = await signedForPool(court, juror, "Stake", { juror: address, amount, nonce });
  await court.pool.stake(address, amount, NEVER, signature);
}

/** A word for the pool about this case or account, valid for ever. */
export async function signedForPool<N extends keyof PoolWords>(
  court: Court,
  party: Party,
  word: N,
  message: Omit<PoolWords[N], "validUntil">,
): Promise<string> {
  return await signWord(party, court.poolDomain, word, { validUntil: NEVER, ...message } as Words[N]);
}

/** A job in `status` whose arbiter is the pool. */
export async function jobInCourt(
  court: Court,
  status: Status,
  overrides: Partial<Terms> = {},
  parties: Partial<Job["by"]> = {},
): Promise<Dispute> {
  const arbiter = await court.pool.getAddress();
  return { ...court, ...(await newJob(court, status, { arbiter, ...overrides }, parties)) };
}

/** The steps of a case, each by the one who may; random words are chosen by the test. */
export async function openCase(d: Dispute, by: "worker" | "client" = "worker"): Promise<void> {
  const party = d.by[by];
  const fields = { jobId: d.jobId, by: party.address, statementHash: STATEMENT, validUntil: NEVER };
  const signature = await signWord(party, d.domain, "Dispute", fields);
  await d.escrow.dispute(d.terms, party.address, STATEMENT, NEVER, signature, "0x");
}

export async function answerCase(d: Dispute, by: "worker" | "client" = "client", round = 0n): Promise<void> {
  const party = d.by[by];
  const signature = await signedForPool(d, party, "Answer", { jobId: d.jobId, round });
  await d.pool.answer(d.terms, party.address, NEVER, signature);
}

export async function appealCase(d: Dispute, by: "worker" | "client", round: bigint): Promise<void> {
  const party = d.by[by];
  const signature = await signedForPool(d, party, "Appeal", { jobId: d.jobId, round });
  await d.pool.appeal(d.terms, party.address, NEVER, signature);
}

/** Waits until a panel may be asked for, and asks. */
export async function requestDraw(...disputes: [Dispute, ...Dispute[]]): Promise<void> {
  const [{ pool }] = disputes;
  const { until } = await pool.lottery();
  let from = until + STAKING_WINDOW;
  for (const d of disputes) {
    const current = await pool.caseOf(d.jobId);
    if (current.until > from) from = current.until;
  }
  const now = BigInt(await networkHelpers.time.latest());
  if (now < from) await networkHelpers.time.increaseTo(from);
  await pool.requestDraw(disputes.map((d) => d.jobId));
}

/** Lets the coordinator answer its latest request with this word. */
export async function fulfil({ pool, coordinator }: Court, word: bigint): Promise<void> {
  const requests = await coordinator.queryFilter(coordinator.filters.RandomWordsRequested());
  const request = requests.at(-1)?.args.requestId;
  if (request === undefined) throw new Error("nothing was requested");
  await coordinator.fulfillRandomWordsWithOverride(request, await pool.getAddress(), [word]);
}

/** The jurors of a case's present panel, by seat. */
export async function panelOf(d: Dispute): Promise<HardhatEthersSigner[]> {
  const { panels } = await d.pool.caseOf(d.jobId);
  const seats = await d.pool.panelOf(d.jobId, panels - 1n);
  return seats.map(({ juror }) => {
    const found = d.jurors.find(({ address }) => address === juror);
    if (found === undefined) throw new Error(`${juror} is no juror of this test`);
    return found;
  });
}

/** Request, randomness and draw. */
export async function drawPanel(d: Dispute, word = 1n): Promise<HardhatEthersSigner[]> {
  await requestDraw(d);
  await fulfil(d, word);
  await d.pool.draw(d.terms);
  return await panelOf(d);
}

export interface CommittedVote {
  seat: bigint;
  vote: Vote;
  salt: string;
  commitment: string;
}

/** Commits these votes, by seat; `None` does not commit. */
export async function commitVotes(d: Dispute, votes: Vote[]): Promise<CommittedVote[]> {
  const panel = (await d.pool.caseOf(d.jobId)).panels - 1n;
  const jurors = await panelOf(d);
  const pool = await d.pool.getAddress();
  const committed: CommittedVote[] = [];
  const words = [];
  for (const [index, vote] of votes.entries()) {
    const juror = jurors[index];
    if (vote === Vote.None || juror === undefined) continue;
    const salt = id(`salt ${index}`);
    const ballot = { chainId: d.chainId, pool, jobId: d.jobId, panel, seat: BigInt(index) };
    const commitment = commitmentOf(ballot, vote, salt);
    const seat = BigInt(index);
    const signature = await signedForPool(d, juror, "Commit", { jobId: d.jobId, panel, seat, commitment });
    words.push({ seat, commitment, validUntil: NEVER, signature });
    committed.push({ seat, vote, salt, commitment });
  }
  await d.pool.commit(d.jobId, words);
  return committed;
}

/** Opens these votes; `all` are the panel's commitments in order. */
export async function revealVotes(d: Dispute, all: CommittedVote[], opened: CommittedVote[] = all): Promise<void> {
  await d.pool.reveal(d.jobId, all, opened);
}

/** One whole vote of a fresh panel. */
export async function vote(d: Dispute, votes: Vote[], word = 1n): Promise<void> {
  await drawPanel(d, word);
  await revealVotes(d, await commitVotes(d, votes));
}

/** Lets the present window pass. */
export async function passWindow(d: Dispute): Promise<void> {
  await networkHelpers.time.increaseTo((await d.pool.caseOf(d.jobId)).until);
}

export function bondOfCase(d: Dispute): bigint {
  return bondOf(d.terms.reward);
}
