import { rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { FolderInUse, lockFolder } from "@hireforhumans/gateway";
import { ONE_USDC } from "@hireforhumans/protocol";
import { mintLocalUsdc } from "./chain/deploy-local.ts";
import { devAccounts } from "./chain/dev-accounts.ts";
import { localFolder, type Stack, startStack } from "./stack/stack.ts";
import { type SeededWorkers, seedWorkers } from "./stack/workers.ts";

const usage = `npx pnpm@12 dev [--no-answer]

Runs all of it on this machine until Ctrl-C: chain, contracts, gateway, oracle, workers.

  --no-answer   Workers are online and get offers, but do not answer by themselves. Who lets two run out is away.

  PORT          Where the gateway listens. Default: 3000.
  CHAIN_PORT    Where the chain listens. Default: 8545.
  HFH_API_KEY   The API key, 8 to 200 letters, digits, - or _. Default: a new one each time.
  OPERATOR_TOKEN
                hfo_ and at least 32 letters or digits: what the operator's routes take. Default: nobody is the operator.
  Every setting of docs/configuration.md can be set too.`;

const { values } = argumentsGiven();

const startedAt = performance.now();
const say = (what: string) =>
  console.log(`  ${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${what}`);

function argumentsGiven() {
  try {
    return parseArgs({
      options: { "no-answer": { type: "boolean", default: false }, help: { type: "boolean", default: false } },
    });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

/** The chain lives in memory, so what the database of an earlier run says of it is about a chain that is gone. */
async function forgetEarlierChain(dataDir: string): Promise<void> {
  const database = join(dataDir, "database");
  if (!existsSync(database)) return;
  const lock = lockFolder(dataDir);
  await rm(database, { recursive: true });
  lock.release();
  say("the chain is new (a local chain lives in memory): the jobs of the last run are gone, this starts afresh");
}

async function start(): Promise<{ stack: Stack; workers: SeededWorkers; wallet: string }> {
  const dataDir = process.env["HFH_DATA_DIR"] ?? localFolder("dev");
  await forgetEarlierChain(dataDir);
  const apiKey = process.env["HFH_API_KEY"];
  const stack = await startStack({
    port: portOf("PORT", 3000),
    chainPort: portOf("CHAIN_PORT", 8545),
    // As Polygon's: what takes a block there takes a block here.
    blockIntervalMs: 2_000,
    dataDir,
    ...(apiKey === undefined || apiKey === "" ? {} : { apiKey }),
    env: settingsOf(process.env),
    onProgress: (what) => say(`starting ${what}`),
  });
  say("signing up workers");
  const workers = await seedWorkers(stack.gateway.url, { answer: !values["no-answer"] });
  return { stack, workers, wallet: await writeWallet(stack, dataDir) };
}

function portOf(name: string, fallback: number): number {
  const text = process.env[name] ?? "";
  if (text === "") return fallback;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Error(`${name} is ${JSON.stringify(text)}; expected a port from 0 to 65535.`);
}

/** What this script decides itself is left out. */
function settingsOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const own = new Set(["PORT", "HFH_DATA_DIR", "RPC_URL", "CHAIN_ID"]);
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined || own.has(name) ? [] : [[name, value]])),
  );
}

/**
 * Gives a wallet of its own some USDC, and writes what an agent with it has to know into a file for `node --env-file`. Its
 * key is known to everyone, as all of a local chain are.
 */
async function writeWallet({ chain, deployment }: Stack, dataDir: string): Promise<string> {
  const { address, privateKey } = devAccounts.stranger;
  await mintLocalUsdc(chain.url, deployment.usdc, address, 1_000n * ONE_USDC);
  const settings = {
    RPC_URL: chain.url,
    PRIVATE_KEY: privateKey,
    // The coordinator of the local randomness is no part of it.
    DEPLOYMENT: JSON.stringify({ ...deployment, coordinator: undefined }),
    VERIFIER: devAccounts.verifier.address,
  };
  const path = join(dataDir, "wallet.env");
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(path, lines.join(""));
  return relative(process.cwd(), path);
}

function tell({ chain, gateway, apiKey, webhookSecret }: Stack, workers: SeededWorkers, wallet: string): void {
  console.log(`
Ready. Ctrl-C stops all of it.

  gateway         ${gateway.url}    docs: ${gateway.url}/docs
  chain           ${chain.url}    (chain ${chain.chainId}, a block every 2 s)
  API key         ${apiKey}
  webhook secret  ${webhookSecret}
  workers         ${workers.names.join(", ")}${values["no-answer"] ? "; they leave the answers to you" : ""}

Post a job:

  curl -s ${gateway.url}/v1/jobs -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\
    -d '{"category": "customer_support_escalation", "description": "The customer was charged twice.",
         "requirements": ["english", "support_experience"], "reward": "12.00", "deadline_minutes": 30}'

Pay from a wallet of its own, without the gateway (${wallet} has its key, and the contracts):

  npx pnpm@12 exec node --env-file=${wallet} packages/client/examples/agent-wallet.ts
`);
}

async function main(): Promise<void> {
  if (values.help) {
    console.log(usage);
    return;
  }
  const { stack, workers, wallet } = await start();
  tell(stack, workers, wallet);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    console.log("\nStopping …");
    void workers
      .stop()
      .then(() => stack.stop())
      .then(() => console.log("Stopped."));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  void stack.chain.exited.then((reason) => {
    if (stopping) return;
    console.error(`The chain ended: ${reason}`);
    process.exitCode = 1;
    stop();
  });
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof FolderInUse) return `${error.message} Is another \`dev\` running?`;
  if ("code" in error && error.code === "EADDRINUSE" && "port" in error) {
    return `Port ${String(error.port)} is taken. Stop what listens there, or set PORT to another.`;
  }
  return error.message;
}

try {
  await main();
} catch (error) {
  process.exitCode = 1;
  console.error(`\n${messageOf(error)}`);
}
