import { expect } from "chai";
import { ZeroAddress, type ContractTransactionResponse } from "ethers";
import type { ArbitrationPool, Escrow } from "../../types/ethers-contracts/index.js";
import { statusCode, type Job, type Status } from "./jobs.ts";
import type { World } from "./world.ts";

type Sent = Promise<ContractTransactionResponse>;

/** One event: its name, then all of its fields in order. */
export type Told = [name: string, ...fields: unknown[]];

/** Asserts all that a contract told in this transaction, in order and nothing else. */
export async function expectEvents(contract: Escrow | ArbitrationPool, sent: Sent, expected: Told[]): Promise<void> {
  const { logs } = await receiptOf(sent);
  const told = logs
    .filter((log) => log.address === contract.target)
    .map((log) => contract.interface.parseLog(log))
    .map((event) => (event === null ? ["unknown"] : [event.name, ...(event.args.toArray(true) as unknown[])]));
  expect(told).to.deep.equal(expected);
}

const holders = [
  "client",
  "operator",
  "worker",
  "otherWorker",
  "verifier",
  "relayer",
  "stranger",
  "treasury",
  "escrow",
  "arbiter",
] as const;

type Holder = (typeof holders)[number];

/** Asserts by how much USDC balances changed, in base units; whoever isn't named must have gained and lost nothing. */
export async function expectBalanceChanges(
  world: World,
  sent: Sent,
  expected: Partial<Record<Holder, bigint>>,
): Promise<void> {
  const { blockNumber } = await receiptOf(sent);
  const changes = {} as Record<Holder, bigint>;
  for (const holder of holders) {
    const address = await world[holder].getAddress();
    const before = await world.usdc.balanceOf(address, { blockTag: blockNumber - 1 });
    changes[holder] = (await world.usdc.balanceOf(address, { blockTag: blockNumber })) - before;
  }
  const none = Object.fromEntries(holders.map((holder) => [holder, 0n]));
  expect(changes).to.deep.equal({ ...none, ...expected });
}

/** Asserts the whole slot of a job; what isn't named is zero. */
export async function expectSlot(
  { escrow, jobId }: World & Job,
  status: Status,
  { worker = ZeroAddress, until = 0n, round = 0n } = {},
): Promise<void> {
  const slot = await escrow.job(jobId);
  expect([...slot]).to.deep.equal([statusCode(status), worker, until, round]);
}

/** Asserts what waits for an owner in the escrow, in base units. */
export async function expectCredit({ escrow }: World, owner: { address: string }, amount: bigint): Promise<void> {
  expect(await escrow.credit(owner.address)).to.equal(amount);
}

export async function receiptOf(sent: Sent) {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error("the transaction is in no block yet; automine should be on");
  return receipt;
}
