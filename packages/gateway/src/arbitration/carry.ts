import { ApiError, type ContractRefusal, type Deposit } from "@hireforhumans/protocol";
import { sql } from "kysely";
import { keccak256 } from "ethers";
import type { PoolReader } from "../chain/pool-reader.ts";
import type { Context, Trx } from "../context.ts";
import type { DepositAuthorization, PoolCall } from "./intents.ts";

/** The arbitration pool of this gateway. @throws ApiError arbitration_missing */
export function requirePool({ chain }: Pick<Context, "chain">): PoolReader {
  if (chain.pool !== undefined) return chain.pool;
  throw new ApiError("arbitration_missing", "This gateway has no arbitration pool, so its jobs know no disputes.");
}

/** A step that failed is tried again after this: what made it fail may last. */
const RETRY_AFTER = sql<boolean>`settled_at < now() - interval '1 minute'`;

interface Earlier {
  /** How often it was tried and failed. */
  attempt: number;
  /** An attempt that is under way or went through. */
  standing?: string;
  /** The last attempt failed so short a time ago that another would be of no use. */
  resting: boolean;
}

/**
 * What became of the attempts at an effect; each has the effect's key and its own number.
 * @param wanting whether one that went through is done with: the same is wanted again
 */
async function earlierAttempts(trx: Trx, key: string, wanting = false): Promise<Earlier> {
  let resting = false;
  for (let attempt = 0; ; attempt++) {
    const intent = await trx
      .selectFrom("intents")
      .select(["id", "failure", "status"])
      .select(RETRY_AFTER.as("rested"))
      .where("intent_key", "=", `${key}:${attempt}`)
      .executeTakeFirst();
    if (intent === undefined) return { attempt, resting };
    const done = intent.failure === null && (intent.status === "mined" || intent.status === "final");
    if (done && wanting) continue;
    if (intent.failure === null) return { attempt, standing: intent.id, resting };
    resting = !intent.rested;
  }
}

/**
 * Asks for an effect that is due by itself, unless it is under way.
 * @returns the intent, if it was asked for now
 */
export async function enqueueStep(
  ctx: Context,
  trx: Trx,
  key: string,
  call: PoolCall,
  jobId?: string,
): Promise<string | undefined> {
  const { attempt, standing, resting } = await earlierAttempts(trx, key);
  if (standing !== undefined || resting) return undefined;
  return ctx.outbox.enqueue(trx, intentOf(`${key}:${attempt}`, call, jobId));
}

const intentOf = (key: string, { verb, to, data, gasLimit }: PoolCall, jobId: string | undefined) => ({
  key,
  kind: verb,
  to,
  data,
  gasLimit,
  ...(jobId === undefined ? {} : { jobId }),
});

export interface Carried {
  call: PoolCall;
  jobId?: string;
  /** Whether a refusal is none because something that is on its way helps it. */
  passes?: (refusal: ContractRefusal) => boolean;
  /** Nothing in the call tells one time from the next, so what went through before does not stand for this time. */
  again?: boolean;
  /** What is stored together with the intent. */
  store?: (trx: Trx) => Promise<void>;
}

/**
 * Carries somebody's signed word to the chain. It is tried on the newest block first, so that whoever sent it hears at
 * once what the contract would say. The same word sent again is the same intent, unless it failed.
 * @returns the transaction's hash
 * @throws ApiError by the contract's refusal
 */
export async function carry(ctx: Context, { call, jobId, passes, again, store }: Carried): Promise<string> {
  const key = `${call.verb}:${keccak256(call.data)}`;
  const standing = await ctx.db.transaction().execute(async (trx) => (await earlierAttempts(trx, key, again)).standing);
  if (standing === undefined) {
    const refusal = await ctx.chain.refusalOf({ from: ctx.outbox.signer, to: call.to, data: call.data });
    if (refusal !== undefined && passes?.(refusal) !== true) throw new ApiError(refusal.code, refusal.message);
  }
  const intentId = await ctx.db.transaction().execute(async (trx) => {
    const earlier = await earlierAttempts(trx, key, again);
    await store?.(trx);
    return earlier.standing ?? ctx.outbox.enqueue(trx, intentOf(`${key}:${earlier.attempt}`, call, jobId));
  });
  return ctx.outbox.broadcast(intentId);
}

/** The authorization in a request, as the contract takes it. */
export function depositOf(body: Deposit): DepositAuthorization {
  return {
    amount: body.amount,
    validAfter: BigInt(body.valid_after),
    validBefore: BigInt(body.valid_before),
    nonce: body.nonce,
    signature: body.signature,
  };
}

export const wordOf = ({ valid_until, signature }: { valid_until: number; signature: string }) => ({
  validUntilSeconds: BigInt(valid_until),
  signature,
});
