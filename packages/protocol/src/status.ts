import { z } from "zod";

/** The escrow's statuses in the order of its enum, so that the index is the number on chain. */
export const CHAIN_STATUSES = [
  "none",
  "open",
  "accepted",
  "submitted",
  "approved",
  "rejected",
  "disputed",
  "paid",
  "refunded",
  "split",
] as const;

export type ChainStatus = (typeof CHAIN_STATUSES)[number];

/** A job's status on the wire. `funding` and `failed` are before the chain knows the job. */
export const JOB_STATUSES = [
  "funding",
  "open",
  "accepted",
  "submitted",
  "approved",
  "rejected",
  "disputed",
  "paid",
  "refunded",
  "split",
  "failed",
] as const;

export const jobStatusSchema = z.enum(JOB_STATUSES).meta({
  id: "JobStatus",
  description:
    "funding: the money is on its way into escrow. open: funded, a worker is looked for. accepted: a worker is at it. " +
    "submitted: evidence is being verified. approved: passed, the review window runs. rejected: failed, the worker may " +
    "dispute. disputed: before the arbiter. paid, refunded, split: ended, money moved. failed: never funded, nothing moved.",
  example: "open",
});

export type JobStatus = z.infer<typeof jobStatusSchema>;

export const FINAL_STATUSES: readonly JobStatus[] = ["paid", "refunded", "split", "failed"];

export function isFinal(status: JobStatus): boolean {
  return FINAL_STATUSES.includes(status);
}

/**
 * @param number the escrow's `Status`
 * @throws RangeError when the enum has no such number
 */
export function chainStatusOf(number: number | bigint): ChainStatus {
  const status = CHAIN_STATUSES[Number(number)];
  if (status === undefined) throw new RangeError(`The escrow has no status ${number}.`);
  return status;
}

/** The statuses whose bits (1 << number) are set, as the escrow's `WrongStatus` names those that it allows. */
export function statusesOfBitmap(bitmap: bigint): ChainStatus[] {
  return CHAIN_STATUSES.filter((_, number) => ((bitmap >> BigInt(number)) & 1n) === 1n);
}
