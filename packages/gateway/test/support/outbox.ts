import { sql } from "kysely";
import { Wallet } from "ethers";
import { escrowInterface } from "@hireforhumans/protocol";
import { Secret } from "../../src/config.ts";
import { createEscrowBatch } from "../../src/chain/batch.ts";
import { createFees } from "../../src/chain/fees.ts";
import { createFinalNumber } from "../../src/chain/finality.ts";
import type { ChainNode } from "../../src/chain/node.ts";
import { type NewIntent, type Outbox, type OutboxOptions, createOutbox } from "../../src/chain/outbox.ts";
import { createKeySigner } from "../../src/chain/signer.ts";
import type { OpenDatabase } from "../../src/database/open.ts";
import { createMetrics } from "../../src/observability/metrics.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import type { TestChain } from "./chain.ts";
import { logOfTest } from "./log.ts";

export interface OutboxSetUp extends Partial<OutboxOptions> {
  privateKey?: string;
  confirmations?: number;
  maxFeeGwei?: number;
}

/** An outbox that is not started yet; by default the relayer's, quick, and final after one block more. */
export function makeOutbox(
  world: TestChain,
  { db, listen }: Pick<OpenDatabase, "db" | "listen">,
  { privateKey = devAccounts.relayer.privateKey, confirmations = 1, maxFeeGwei = 2_000, ...options }: OutboxSetUp = {},
): Outbox {
  const node: ChainNode = options.node ?? world.node;
  const chainId = world.deployment.chainId;
  return createOutbox({
    db,
    listen,
    node,
    chainId,
    signer: createKeySigner(new Secret(privateKey)),
    fees: createFees(node, chainId, maxFeeGwei),
    finalNumber: createFinalNumber(node, confirmations),
    log: logOfTest(),
    metrics: createMetrics(),
    pollMs: 20,
    bumpAfterMs: 60_000,
    batch: createEscrowBatch(world.deployment.escrow),
    ...options,
  });
}

/** An intent whose effect leaves one event of its own: a spending limit of the relayer for an operator that nobody is. */
export function limitIntent(world: TestChain, key: string): NewIntent & { operator: string } {
  const operator = Wallet.createRandom().address;
  const data = escrowInterface.encodeFunctionData("setSpendingLimit", [operator, 1n, 1n, 1n]);
  return { key, kind: "fund", to: world.deployment.escrow, data, gasLimit: 100_000n, operator };
}

/** The operators of all limits that were ever set by an account, by the events of the chain's best branch. */
export async function limitsSetBy(world: TestChain, account: string): Promise<string[]> {
  const latest = await world.node.block("latest");
  const { escrow, startBlock } = world.deployment;
  const logs = await world.node.logsOfRange(startBlock, latest?.number ?? 0n, [escrow]);
  return logs.flatMap((log) => {
    const event = escrowInterface.parseLog(log);
    return event?.name === "SpendingLimitSet" && event.args["client"] === account
      ? [String(event.args["operator"])]
      : [];
  });
}

/** Takes away all that outboxes have stored. */
export async function clearOutbox({ db }: Pick<OpenDatabase, "db">): Promise<void> {
  for (const table of ["transactions", "intents", "signer_nonces", "leases"] as const)
    await db.deleteFrom(table).execute();
}

/** Lets the leases of processes that died lapse without waiting for it. */
export async function lapseLeases({ db }: Pick<OpenDatabase, "db">): Promise<void> {
  await sql`update leases set expires_at = '-infinity'`.execute(db);
}
