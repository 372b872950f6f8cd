import { bootstrapClient, createLogger, type Gateway, readConfig, startGateway } from "@hireforhumans/gateway";
import { jobIdOf, type Terms, termsToJson } from "@hireforhumans/protocol";
import { deployLocal, type LocalDeployment } from "../chain/deploy-local.ts";
import { devAccounts } from "../chain/dev-accounts.ts";
import { type LocalChain, startLocalChain } from "../chain/local-chain.ts";
import { withFolder } from "./bench-stack.ts";
import type { Figure } from "./figures.ts";
import { historyTerms, playHistory } from "./history.ts";

type Start = () => Promise<Gateway>;

/**
 * A gateway that was away while its jobs went through their whole life on chain starts again; a second one, with an
 * empty database, follows the same chain, on which all jobs are strangers' to it.
 */
export async function measureFollower(jobs: number): Promise<Figure[]> {
  const chain = await startLocalChain();
  try {
    const deployment = await deployLocal(chain.url);
    return await withFolder((ownFolder) =>
      withFolder(async (strangerFolder) => {
        const own = starterOf(chain, deployment, ownFolder);
        const terms = historyTerms(Array.from({ length: jobs }, jobIdAt), await chain.timeSeconds());
        await knowJobs(own, deployment, terms);
        await playHistory(chain, deployment, terms);
        const known = await catchUp(own);
        const unknown = await catchUp(starterOf(chain, deployment, strangerFolder));
        return [...figuresOf("known", "its own jobs", known), ...figuresOf("unknown", "jobs of others", unknown)];
      }),
    );
  } finally {
    await chain.stop();
  }
}

interface CaughtUp {
  blocks: number;
  events: number;
  seconds: number;
}

function figuresOf(name: string, whose: string, { blocks, events, seconds }: CaughtUp): Figure[] {
  const what = `${events.toLocaleString("en")} events in ${blocks.toLocaleString("en")} blocks of ${whose}`;
  return [
    { name: `follower.${name}.seconds`, what: `catching up with ${what}`, value: seconds, unit: "s" },
    { name: `follower.${name}.blocks`, what: `blocks, ${whose}`, value: blocks / seconds, unit: "per second" },
    { name: `follower.${name}.events`, what: `events, ${whose}`, value: events / seconds, unit: "per second" },
  ];
}

function jobIdAt(_: unknown, index: number): string {
  return `job_0${index.toString(10).padStart(25, "0")}`;
}

function starterOf(chain: LocalChain, deployment: LocalDeployment, dataDir: string): Start {
  const config = readConfig({
    PORT: "0",
    HFH_DATA_DIR: dataDir,
    RPC_URL: chain.url,
    CHAIN_ID: String(deployment.chainId),
    ESCROW_ADDRESS: deployment.escrow,
    REPUTATION_ADDRESS: deployment.reputation,
    USDC_ADDRESS: deployment.usdc,
    START_BLOCK: String(deployment.deployBlock),
    RELAYER_PRIVATE_KEY: devAccounts.relayer.privateKey,
    ORACLE_PRIVATE_KEY: devAccounts.stranger.privateKey,
  });
  return () => startGateway(config, createLogger("error"));
}

/** Writes the jobs into a gateway's database as if they had been posted there and were about to be funded. */
async function knowJobs(start: Start, { chainId, escrow }: LocalDeployment, terms: readonly Terms[]): Promise<void> {
  const gateway = await start();
  try {
    const { db } = gateway.context;
    const { clientId, keyId } = await bootstrapClient(db, { address: devAccounts.client.address });
    for (let from = 0; from < terms.length; from += 500) {
      const rows = terms.slice(from, from + 500).map((each, index) => ({
        id: jobIdAt(undefined, from + index),
        client_id: clientId,
        key_id: keyId,
        chain_job_id: jobIdOf(chainId, escrow, each),
        terms: JSON.stringify(termsToJson(each)),
        request: JSON.stringify({ description: "", requirements: [], fallback: "wait", metadata: {}, state: null }),
        packet: "{}",
        status: "funding" as const,
        deadline_seconds: each.deadline,
        reward: each.reward,
        fee: each.reward / 40n,
        category: "customer_support_escalation",
        domain: "customer_support_escalation",
        tier: "general",
      }));
      await db.insertInto("jobs").values(rows).execute();
    }
  } finally {
    await gateway.stop();
  }
}

async function catchUp(start: Start): Promise<CaughtUp> {
  const began = performance.now();
  const gateway = await start();
  try {
    await gateway.caughtUp();
    const seconds = (performance.now() - began) / 1000;
    const { db, chain } = gateway.context;
    const { events } = await db
      .selectFrom("chain_events")
      .select((select) => select.fn.countAll<bigint>().as("events"))
      .executeTakeFirstOrThrow();
    const blocks = Number(chain.head().number - chain.deployment.startBlock + 1n);
    return { blocks, events: Number(events), seconds };
  } finally {
    await gateway.stop();
  }
}
