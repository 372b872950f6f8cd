import { measureDisputes } from "./court.ts";
import {
  EVIDENCE,
  UNSIGNED,
  gasOf,
  newCommittee,
  newJob,
  passDeadlineOf,
  type BenchJob,
  type Stage,
  type Verifier,
} from "./stage.ts";

/** A way through the escrow. Gas is the sum of `receipt.gasUsed` of its transactions. */
export interface Path {
  name: string;
  measure: (stage: Stage) => Promise<number>;
}

/** A way whose cost is promised. */
export interface BoundPath extends Path {
  /** The most it may cost. */
  bound: number;
  aim: number;
  /** What the cheapest comparable system costs, and what that leaves out. */
  bestKnown: string;
}

const BATCH = 10;

/** The order matters: the last lets the deadline of all jobs pass. */
export const boundPaths: BoundPath[] = [
  {
    name: "fund, accept, submit, release with reputation, 4 transactions",
    bound: 235_000,
    aim: 222_000,
    bestKnown: "242,040 (3 transactions, no accept, no submit, no reputation)",
    measure: measureOwnTransactions,
  },
  {
    name: "fund, then accept+submit+release by signatures, 2 transactions",
    bound: 175_000,
    aim: 166_000,
    bestKnown: "225,465",
    measure: async (stage) => {
      const job = await newJob(stage, firstWorker(stage), true);
      return (await fund(stage, job)) + (await complete(stage, job));
    },
  },
  {
    name: "the same, funded by EIP-3009 with no gas for the client",
    bound: 215_000,
    aim: 202_000,
    bestKnown: "225,465",
    measure: async (stage) => {
      const job = await newJob(stage, firstWorker(stage), true);
      return (await fundWithAuthorization(stage, job)) + (await complete(stage, job));
    },
  },
  {
    name: "release of one of ten in a batch",
    bound: 40_000,
    aim: 35_000,
    bestKnown: "none has it",
    measure: measureVerifiersBatch,
  },
  {
    name: "dispute with 3 jurors, commit-reveal, all signatures relayed in batches",
    bound: 450_000,
    aim: 380_000,
    bestKnown: "2,730,000",
    measure: async (stage) => shareOfBatch((await measureDisputes(stage, BATCH)).total),
  },
  { name: "refund", bound: 60_000, aim: 52_000, bestKnown: "55,642", measure: measureRefund },
];

/** A release alone, by what each kind of verifier signed and a relayer carries. */
export const committeePaths: Path[] = [
  { name: "release by a single verifier", measure: async (stage) => releaseBy(stage, stage.verifier) },
  { name: "release by a committee, 1 of 1", measure: async (stage) => releaseByCommittee(stage, 1, 1) },
  { name: "release by a committee, 2 of 3", measure: async (stage) => releaseByCommittee(stage, 2, 3) },
  { name: "release by a committee, 5 of 7", measure: async (stage) => releaseByCommittee(stage, 5, 7) },
];

/** Other ways to the same ends, for comparison. */
export const otherPaths: Path[] = [
  {
    name: "accept, submit and release by three signatures in one multicall, instead of complete",
    measure: async (stage) => {
      const job = await newJob(stage, firstWorker(stage), true);
      await fund(stage, job);
      const calls = [...(await acceptAndSubmit(stage, job)), await signedRelease(stage, job)];
      return gasOf(stage.escrow.connect(stage.relayer).multicall(calls));
    },
  },
  {
    name: "complete",
    measure: async (stage) => {
      const job = await newJob(stage, firstWorker(stage), true);
      await fund(stage, job);
      return complete(stage, job);
    },
  },
  {
    name: "release of one of ten in a batch, by ten signed verdicts that a relayer carries",
    measure: async (stage) => {
      const jobs = await submittedJobs(stage);
      const calls = await Promise.all(jobs.map((job) => signedRelease(stage, job)));
      return shareOfBatch(await gasOf(stage.escrow.connect(stage.relayer).multicall(calls)));
    },
  },
];

/** Of disputes, measured apart since they move the clock by days. */
export const disputePaths: Path[] = [
  {
    name: "a dispute with 3 jurors that is alone, in five transactions",
    measure: async (stage) => (await measureDisputes(stage, 1)).total,
  },
  {
    name: "of these, the request for randomness (Chainlink's stand-in keeps more in storage than the real coordinator)",
    measure: async (stage) => (await measureDisputes(stage, 1)).request,
  },
  {
    name: "the coordinator's answer, one for all disputes of a draw, without the proof that the real one checks",
    measure: async (stage) => (await measureDisputes(stage, 1)).answer,
  },
];

/**
 * Fills every slot that is not a job's own: ten workers get their first record of reputation, the treasury its first
 * credit, and the escrow keeps a balance from a job that stays open.
 */
export async function warmUp(stage: Stage): Promise<void> {
  await fund(stage, await newJob(stage, firstWorker(stage), true));
  await measureVerifiersBatch(stage);
}

async function measureOwnTransactions(stage: Stage): Promise<number> {
  const { escrow, verifier } = stage;
  const job = await newJob(stage, firstWorker(stage), false);
  const { terms, worker, verdict } = job;
  const asWorker = escrow.connect(worker);
  return (
    (await fund(stage, job)) +
    (await gasOf(asWorker.accept(terms, worker.address, 0n, UNSIGNED))) +
    (await gasOf(asWorker.submit(terms, EVIDENCE, 0n, UNSIGNED))) +
    (await gasOf(escrow.connect(verifier).release(terms, { ...verdict, validUntil: 0n }, UNSIGNED)))
  );
}

/** The verifier is the sender, so its word needs no signatures. */
async function measureVerifiersBatch(stage: Stage): Promise<number> {
  const { escrow, verifier } = stage;
  const calls = (await submittedJobs(stage)).map(({ terms, verdict }) =>
    escrow.interface.encodeFunctionData("release", [terms, { ...verdict, validUntil: 0n }, UNSIGNED]),
  );
  return shareOfBatch(await gasOf(escrow.connect(verifier).multicall(calls)));
}

/** Ten jobs of ten workers. */
async function submittedJobs(stage: Stage): Promise<BenchJob[]> {
  const jobs: BenchJob[] = [];
  for (const worker of stage.workers.slice(0, BATCH)) {
    const job = await newJob(stage, worker, true);
    await fund(stage, job);
    await gasOf(stage.escrow.connect(stage.relayer).multicall(await acceptAndSubmit(stage, job)));
    jobs.push(job);
  }
  return jobs;
}

function shareOfBatch(gas: number): number {
  return Math.ceil(gas / BATCH);
}

async function releaseByCommittee(stage: Stage, threshold: number, size: number): Promise<number> {
  return releaseBy(stage, await newCommittee(threshold, size));
}

async function releaseBy(stage: Stage, verifier: Verifier): Promise<number> {
  const job = await newJob(stage, firstWorker(stage), true, { verifier });
  await fund(stage, job);
  const asRelayer = stage.escrow.connect(stage.relayer);
  await gasOf(asRelayer.multicall(await acceptAndSubmit(stage, job)));
  return gasOf(asRelayer.release(job.terms, job.verdict, await job.signVerdict()));
}

async function measureRefund(stage: Stage): Promise<number> {
  const job = await newJob(stage, firstWorker(stage), true);
  await fund(stage, job);
  await passDeadlineOf(job);
  return gasOf(stage.escrow.connect(stage.relayer).refund(job.terms));
}

async function fund({ escrow, client }: Stage, { terms }: BenchJob): Promise<number> {
  return gasOf(escrow.connect(client).fund(terms));
}

async function fundWithAuthorization({ escrow, relayer }: Stage, job: BenchJob): Promise<number> {
  const signature = await job.signAuthorization();
  return gasOf(escrow.connect(relayer).fundWithAuthorization(job.terms, 0n, job.validUntil, signature));
}

async function complete({ escrow, relayer }: Stage, job: BenchJob): Promise<number> {
  const { terms, worker, validUntil, verdict } = job;
  const [submit, pass] = [await job.signSubmit(), await job.signVerdict()];
  return gasOf(escrow.connect(relayer).complete(terms, worker.address, validUntil, submit, verdict, pass));
}

async function acceptAndSubmit({ escrow }: Stage, job: BenchJob): Promise<string[]> {
  const { terms, worker, validUntil } = job;
  return [
    escrow.interface.encodeFunctionData("accept", [terms, worker.address, validUntil, await job.signAccept()]),
    escrow.interface.encodeFunctionData("submit", [terms, EVIDENCE, validUntil, await job.signSubmit()]),
  ];
}

async function signedRelease({ escrow }: Stage, job: BenchJob): Promise<string> {
  return escrow.interface.encodeFunctionData("release", [job.terms, job.verdict, await job.signVerdict()]);
}

function firstWorker({ workers }: Stage): BenchJob["worker"] {
  const [worker] = workers;
  if (worker === undefined) throw new Error("The network has too few accounts.");
  return worker;
}
