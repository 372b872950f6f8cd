import { type ArbitrationAccount, type Deposit, type Relayed, formatUsdc } from "@hireforhumans/protocol";
import type { PoolReader } from "../chain/pool-reader.ts";
import type { Context } from "../context.ts";
import type { Caller } from "../http/caller.ts";
import { carry, depositOf, requirePool } from "./carry.ts";
import { addressOf } from "./find.ts";
import { type PoolCall, depositCall, jurorCall, withDeposit } from "./intents.ts";
import { jurorCountOf } from "./jurors.ts";

/** What the caller has in the pool, and all that signing words to it takes. */
export async function presentAccount(ctx: Context, caller: Caller): Promise<ArbitrationAccount> {
  const pool = requirePool(ctx);
  const address = addressOf(caller);
  const [account, rules, jurors, usdc] = await Promise.all([
    pool.accountOf(address),
    pool.rules(),
    jurorCountOf(ctx, pool.address),
    ctx.chain.usdcDomain(),
  ]);
  const { stake, locked, weight, unstakeFrom } = account.juror;
  const isJuror = stake > 0n || locked > 0n || unstakeFrom > 0n;
  return {
    address,
    balance: formatUsdc(account.balance),
    standing_answer: account.standingAnswer,
    nonce: Number(account.nonce),
    juror: isJuror
      ? {
          stake: formatUsdc(stake),
          locked: formatUsdc(locked),
          weight: Number(weight),
          unstake_from: unstakeFrom === 0n ? null : Number(unstakeFrom),
        }
      : null,
    pool: {
      chain_id: Number(ctx.chain.deployment.chainId),
      address: pool.address,
      usdc: ctx.chain.deployment.usdc,
      usdc_name: usdc.name ?? "",
      chain_time: Number(ctx.chain.head().timestampSeconds),
      min_stake: formatUsdc(rules.minStake),
      max_reward: formatUsdc(rules.maxReward),
      jurors,
      evidence_window: Number(rules.evidenceWindow),
      commit_window: Number(rules.commitWindow),
      reveal_window: Number(rules.revealWindow),
      appeal_window: Number(rules.appealWindow),
      exit_delay: Number(rules.exitDelay),
    },
  };
}

/** Brings a caller's USDC into the pool. @throws ApiError by the contracts' refusals */
export async function carryDeposit(ctx: Context, caller: Caller, body: Deposit): Promise<Relayed> {
  return relayed(ctx, depositCall(requirePool(ctx).address, addressOf(caller), depositOf(body)));
}

/**
 * Carries a word about the caller's account, where it came with a deposit behind that.
 * @param callOf makes the pool's call for this owner
 * @throws ApiError by the contracts' refusals
 */
export async function carryAccountWord(
  ctx: Context,
  caller: Caller,
  callOf: (pool: PoolReader["address"], owner: string) => PoolCall,
  deposit?: Deposit,
): Promise<Relayed> {
  const owner = addressOf(caller);
  const call = callOf(requirePool(ctx).address, owner);
  return relayed(ctx, withDeposit(call, owner, deposit === undefined ? undefined : depositOf(deposit)));
}

/** What anyone may do for the caller, who signs nothing for it. @throws ApiError by the pool's refusals */
export async function carryForJuror(ctx: Context, caller: Caller, verb: "collect" | "unstake"): Promise<Relayed> {
  const call = jurorCall(requirePool(ctx).address, verb, addressOf(caller));
  return { transaction_hash: await carry(ctx, { call, again: true }) };
}

async function relayed(ctx: Context, call: PoolCall): Promise<Relayed> {
  return { transaction_hash: await carry(ctx, { call }) };
}
