/**
 * The child process of `startLocalChain`: one Hardhat node on one port.
 *
 * It takes its options as JSON in the first argument, answers over IPC with one `NodeReport`, and lives exactly as long
 * as its parent: the IPC channel closes with the parent, however that one ends.
 */
import { fileURLToPath } from "node:url";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import { devMnemonic } from "./dev-accounts.ts";

export interface NodeOptions {
  host: string;
  port: number;
  chainId: number;
  /** Undefined: a block for each transaction, at once. */
  blockIntervalMs?: number;
  /** Decimal. */
  blockGasLimit?: string;
  forkUrl?: string;
}

export type NodeReport = { port: number } | { code?: string | undefined; message: string };

/** The rules that Polygon runs too. */
const hardfork = "osaka";
const accountCount = 20;
const accountBalanceWei = 10_000n * 10n ** 18n;

function report(message: NodeReport): void {
  process.send?.(message);
}

async function serve(options: NodeOptions): Promise<void> {
  const hre = await createHardhatRuntimeEnvironment(
    {
      // No build infos are looked for there: the node then starts at once and answers a revert with its bare data,
      // as any other node does.
      paths: { artifacts: "cache/no-artifacts" },
      // Without a history the node refuses to execute on the block that it forked from.
      chainDescriptors: {
        [options.chainId]: { name: "local", hardforkHistory: { [hardfork]: { blockNumber: 0 } } },
      },
      networks: {
        local: {
          type: "edr-simulated",
          chainId: options.chainId,
          hardfork,
          accounts: { mnemonic: devMnemonic, count: accountCount, accountsBalance: accountBalanceWei },
          // Else each of many quick blocks would push the chain's clock a second ahead of the wall's.
          allowBlocksWithSameTimestamp: true,
          mining:
            options.blockIntervalMs === undefined ? { auto: true } : { auto: false, interval: options.blockIntervalMs },
          // A node accepts a transaction and lets its receipt tell of the failure.
          throwOnTransactionFailures: false,
          ...(options.blockGasLimit === undefined ? {} : { blockGasLimit: BigInt(options.blockGasLimit) }),
          ...(options.forkUrl === undefined ? {} : { forking: { url: options.forkUrl } }),
        },
      },
    },
    {},
    fileURLToPath(new URL("../..", import.meta.url)),
  );
  const server = await hre.network.createServer("local", options.host, options.port);
  const { port } = await server.listen();
  report({ port });
}

function fail(error: unknown): void {
  const { code, message } = error as NodeJS.ErrnoException;
  report({ code, message });
  process.disconnect();
  process.exitCode = 1;
}

process.once("disconnect", () => process.exit());
// Ctrl-C reaches the whole process group. The parent may still need the chain to finish what it has begun.
process.on("SIGINT", () => undefined);
// The server has no other way to tell that its port is taken.
process.once("uncaughtException", fail);

serve(JSON.parse(process.argv[2] ?? "{}") as NodeOptions).catch(fail);
