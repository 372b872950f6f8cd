import { jobIdOf, type Terms } from "@hireforhumans/protocol";
import { ZeroAddress, id } from "ethers";
import { HOUR, ethers } from "./network.ts";
import { NEVER, sign, type Fields, type Party, type Word } from "./signatures.ts";
import { defaultTerms } from "./terms.ts";
import { signAuthorization } from "./tokenSignatures.ts";
import { loadWorld, type World } from "./world.ts";

/** The statuses in the contract's order: the index is the number on chain and the bit in `WrongStatus`. */
export const statuses = [
  "None",
  "Open",
  "Accepted",
  "Submitted",
  "Approved",
  "Rejected",
  "Disputed",
  "Paid",
  "Refunded",
  "Split",
] as const;

export type Status = (typeof statuses)[number];

export function statusCode(status: Status): bigint {
  return BigInt(statuses.indexOf(status));
}

/** What `WrongStatus` names as allowed. */
export function bitmapOf(...allowed: Status[]): bigint {
  return allowed.reduce((bitmap, status) => bitmap | (1n << statusCode(status)), 0n);
}

export const EVIDENCE = id("evidence");
export const REASONS = id("reasons");
export const STATEMENT = id("statement");

/** A job and who signs in it; `client`, `worker` and `verifier` may be ERC-1271 accounts, unlike the world's own. */
export interface Job {
  terms: Terms;
  jobId: string;
  by: { client: Party; worker: Party; verifier: Party };
}

/** A world with one job in the status that a test begins with. */
export interface Case extends World, Job {}

type Overrides = Partial<Terms> | ((world: World) => Partial<Terms>);

/** Terms that name the operator, as a gateway's do. */
export function operated({ operator }: World): Partial<Terms> {
  return { matcher: operator.address };
}

/** A fresh world with a job that was brought to `status` by signed words that the relayer carried. */
export async function jobAt(status: Status, overrides: Overrides = {}, by: Partial<Job["by"]> = {}): Promise<Case> {
  const world = await loadWorld();
  return { ...world, ...(await newJob(world, status, overrides, by)) };
}

/** One more job in a world that is there already. */
export async function newJob(
  world: World,
  status: Status,
  overrides: Overrides = {},
  parties: Partial<Job["by"]> = {},
): Promise<Job> {
  const by = { client: world.client, worker: world.worker, verifier: world.verifier, ...parties };
  const terms = {
    ...(await defaultTerms({
      client: by.client.address,
      verifier: by.verifier.address,
      arbiter: await world.arbiter.getAddress(),
    })),
    ...(status === "Approved" ? { reviewWindow: HOUR } : {}),
    ...(typeof overrides === "function" ? overrides(world) : overrides),
  };
  const job = { terms, jobId: jobIdOf(world.chainId, await world.escrow.getAddress(), terms), by };
  for (const step of paths[status]) await step({ ...world, ...job });
  return job;
}

/** The fields of a word about this job, valid for ever. */
export function fieldsOf(word: Word, job: Job, changes: Fields = {}): Fields {
  const all: Record<Word, Fields> = {
    Accept: { round: 0n },
    Submit: { round: 0n, evidenceHash: EVIDENCE },
    Verdict: { worker: job.by.worker.address, evidenceHash: EVIDENCE, pass: true, reasonsHash: REASONS },
    Cancel: {},
    Dispute: { by: job.by.worker.address, statementHash: STATEMENT },
  };
  return { jobId: job.jobId, validUntil: NEVER, ...all[word], ...changes };
}

/** A signed word about this job. */
export async function signed(c: Case, party: Party, word: Word, changes: Fields = {}): Promise<string> {
  return await sign(party, { word, fields: fieldsOf(word, c, changes), domain: c.domain });
}

export const verdict = { evidenceHash: EVIDENCE, reasonsHash: REASONS, validUntil: NEVER };

type Step = (c: Case) => Promise<unknown>;

const fund: Step = async (c) => {
  const signature = await signAuthorization(c);
  return await c.escrow.fundWithAuthorization(c.terms, 0n, NEVER, signature);
};

const cancel: Step = async (c) => c.escrow.cancel(c.terms, NEVER, await signed(c, c.by.client, "Cancel"));

const accept: Step = async (c) => {
  const { matcher } = c.terms;
  const escrow = matcher === ZeroAddress ? c.escrow : c.escrow.connect(await ethers.getSigner(matcher));
  return await escrow.accept(c.terms, c.by.worker.address, NEVER, await signed(c, c.by.worker, "Accept"));
};

const submit: Step = async (c) => c.escrow.submit(c.terms, EVIDENCE, NEVER, await signed(c, c.by.worker, "Submit"));

const release: Step = async (c) => c.escrow.release(c.terms, verdict, await signed(c, c.by.verifier, "Verdict"));

const reject: Step = async (c) =>
  c.escrow.reject(c.terms, verdict, await signed(c, c.by.verifier, "Verdict", { pass: false }));

const dispute: Step = async (c) => {
  const signature = await signed(c, c.by.worker, "Dispute");
  return await c.escrow.dispute(c.terms, c.by.worker.address, STATEMENT, NEVER, signature, "0x");
};

const split: Step = async (c) => c.arbiter.rule(c.escrow.target, c.terms, 5_000n);

const paths: Record<Status, Step[]> = {
  None: [],
  Open: [fund],
  Accepted: [fund, accept],
  Submitted: [fund, accept, submit],
  Approved: [fund, accept, submit, release],
  Rejected: [fund, accept, submit, reject],
  Disputed: [fund, accept, submit, reject, dispute],
  Paid: [fund, accept, submit, release],
  Refunded: [fund, cancel],
  Split: [fund, accept, submit, reject, dispute, split],
};

/** The last second of the present state's window. */
export async function untilOf({ escrow, jobId }: Case): Promise<bigint> {
  return (await escrow.job(jobId)).until;
}
