import { ONE_USDC } from "@hireforhumans/protocol";
import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import { bondOfCase, type Court, type Dispute } from "./court.ts";
import { receiptOf } from "./effects.ts";

type Amounts = Record<string, bigint>;

/** Where the pool's USDC is, in base units; accounts by address, none that has nothing. */
export interface Ledger {
  held: bigint;
  balances: Amounts;
  stakes: Amounts;
  locked: Amounts;
  burned: bigint;
}

/** Of all accounts of the court, and of these. */
export async function ledgerOf(court: Court, blockTag?: number, others: string[] = []): Promise<Ledger> {
  const { pool, usdc, jurors } = court;
  const at = blockTag === undefined ? {} : { blockTag };
  const { issuer, treasury, client, operator, worker, otherWorker, verifier, matcher, relayer, stranger } = court;
  const parties = [issuer, treasury, client, operator, worker, otherWorker, verifier, matcher, relayer, stranger];
  const accounts = [...new Set([...parties, ...jurors].map(({ address }) => address).concat(others))];
  const ledger: Ledger = {
    held: await usdc.balanceOf(await pool.getAddress(), at),
    balances: {},
    stakes: {},
    locked: {},
    burned: await pool.burned(at),
  };
  await Promise.all(
    accounts.map(async (account) => {
      const { stake, locked } = await pool.jurorOf(account, at);
      ledger.balances[account] = await pool.balance(account, at);
      ledger.stakes[account] = stake;
      ledger.locked[account] = locked;
    }),
  );
  return ledger;
}

/** Asserts all that a transaction moved in the pool, in base units; whoever isn't named must have gained and lost nothing. */
export async function expectMoves(court: Court, sent: Promise<ContractTransactionResponse>, expected: Partial<Ledger>) {
  const { blockNumber } = await receiptOf(sent);
  const named = [expected.balances, expected.stakes, expected.locked].flatMap((amounts) => Object.keys(amounts ?? {}));
  const before = await ledgerOf(court, blockNumber - 1, named);
  const after = await ledgerOf(court, blockNumber, named);
  expect({
    held: after.held - before.held,
    balances: difference(before.balances, after.balances),
    stakes: difference(before.stakes, after.stakes),
    locked: difference(before.locked, after.locked),
    burned: after.burned - before.burned,
  }).to.deep.equal({
    held: 0n,
    burned: 0n,
    ...expected,
    balances: difference({}, expected.balances ?? {}),
    stakes: difference({}, expected.stakes ?? {}),
    locked: difference({}, expected.locked ?? {}),
  });
}

function difference(before: Amounts, after: Amounts): Amounts {
  const changes = Object.entries(after).map(
    ([account, amount]) => [account, amount - (before[account] ?? 0n)] as const,
  );
  return Object.fromEntries(changes.filter(([, change]) => change !== 0n));
}

/** What both sides of a case have put up and not got back, in base units. */
export async function bondsOf(d: Dispute): Promise<bigint> {
  const { phase, round, panels } = await d.pool.caseOf(d.jobId);
  if (phase === 0n) return 0n;
  const bond = bondOfCase(d);
  const both = (rounds: bigint) => 2n * bond * (2n ** rounds - 1n);
  if (phase !== 1n) return both(round + 1n);
  return panels === 0n ? bond : both(round + 1n) + bond * 2n ** (round + 1n);
}

/** Asserts that every base unit in the pool has an owner, is at stake, is a bond of one of these cases, or is burned. */
export async function expectWhole(court: Court, disputes: Dispute[] = [], others: string[] = []): Promise<void> {
  const { held, balances, stakes, burned } = await ledgerOf(court, undefined, others);
  let bonds = 0n;
  for (const d of disputes) bonds += await bondsOf(d);
  expect(held).to.equal(sum(balances) + sum(stakes) + bonds + burned);
}

export function sum(amounts: Amounts): bigint {
  return Object.values(amounts).reduce((total, amount) => total + amount, 0n);
}

/** Whole USDC in base units. */
export function usd(amount: number): bigint {
  return BigInt(Math.round(amount * Number(ONE_USDC)));
}
