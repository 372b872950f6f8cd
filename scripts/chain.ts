/**
 * `npx pnpm@12 chain`: a local chain on 127.0.0.1:8545 until Ctrl-C, for `deploy:local` and for wallets.
 *
 * --port <n>: another port.
 * --block-interval-ms <n>: a block by the clock instead of one for each transaction.
 * --fork-url <url> --chain-id <n>: begin with the state of another chain, to rehearse a deployment.
 */
import { parseArgs } from "node:util";
import { LOCAL } from "@hireforhumans/protocol";
import { type DevAccount, devAccounts } from "./chain/dev-accounts.ts";
import { startLocalChain } from "./chain/local-chain.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8545" },
    "block-interval-ms": { type: "string" },
    "fork-url": { type: "string" },
    "chain-id": { type: "string", default: "31337" },
  },
});

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${option} is ${text}, expected a whole number above zero.`);
}

try {
  const { "block-interval-ms": interval, "fork-url": forkUrl } = values;
  const chain = await startLocalChain({
    port: positive("port", values.port),
    chainId: positive("chain-id", values["chain-id"]),
    ...(forkUrl === undefined ? {} : { forkUrl }),
    ...(interval === undefined ? {} : { blockIntervalMs: positive("block-interval-ms", interval) }),
  });
  const stop = { asked: false };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      stop.asked = true;
      void chain.stop();
    });
  }

  console.log(
    `A new local chain, id ${chain.chainId}, at ${chain.url}. It lives in memory and ends with this command.`,
  );
  console.log("These accounts hold 10,000 ETH each; their keys are known to everyone:");
  for (const [role, account] of Object.entries(devAccounts)) {
    if (!Array.isArray(account)) console.log(`  ${role.padEnd(11)} ${(account as DevAccount).address}`);
  }
  for (const { address } of devAccounts.workers) console.log(`  ${"worker".padEnd(11)} ${address}`);
  if (chain.chainId === LOCAL) console.log("`npx pnpm@12 deploy:local` puts USDC and our contracts on it.");
  const reason = await chain.exited;
  if (!stop.asked) throw new Error(reason);
  console.log("Stopped. The chain is gone.");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
