import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Wallet, type JsonRpcProvider } from "ethers";
import { USDC_ADDRESSES, VRF_COORDINATORS } from "@hireforhumans/protocol";
import { placeCoordinator } from "../../scripts/chain/arbitration.ts";
import { devAccounts } from "../../scripts/chain/dev-accounts.ts";
import { startLocalChain, type LocalChain } from "../../scripts/chain/local-chain.ts";
import { localProvider } from "../../scripts/chain/provider.ts";
import { placeUsdc } from "../../scripts/chain/usdc.ts";
import { targets, type NetworkName, type Target } from "../../scripts/deployment/targets.ts";

type Environment = Record<string, string | undefined>;

/** A local node that looks like a public chain, and what a deployer has to set to deploy there. */
export interface Stage {
  target: Target;
  chain: LocalChain;
  provider: JsonRpcProvider;
  /** A folder of its own for the journal and the addresses. */
  out: string;
  environment: Environment;
  stop(): Promise<void>;
}

/** Every variable that the scripts read, so that the machine's own settings don't reach a test. */
const nothingSet: Environment = {
  // Hardhat leaves its keystore alone where this is set.
  CI: "true",
  LOCAL_RPC_URL: undefined,
  AMOY_RPC_URL: undefined,
  POLYGON_RPC_URL: undefined,
  DEPLOYER_PRIVATE_KEY: undefined,
  ETHERSCAN_API_KEY: undefined,
  TREASURY_ADDRESS: undefined,
};

/** Starts a node with the network's chain id. Nothing stands on it yet, or what stands at `forkUrl`. */
export async function startStage(network: NetworkName, fork: { forkUrl?: string } = {}): Promise<Stage> {
  const target = targets[network];
  const chain = await startLocalChain({ chainId: target.chainId, ...fork });
  const provider = localProvider(chain.url);
  const out = await mkdtemp(join(tmpdir(), "hfh-deploy-"));
  const variable = { localhost: "LOCAL_RPC_URL", amoy: "AMOY_RPC_URL", polygon: "POLYGON_RPC_URL" }[network];
  const environment = {
    ...nothingSet,
    [variable]: chain.url,
    DEPLOYER_PRIVATE_KEY: devAccounts.deployer.privateKey,
    TREASURY_ADDRESS: devAccounts.treasury.address,
  };
  return {
    target,
    chain,
    provider,
    out,
    environment,
    async stop() {
      provider.destroy();
      await chain.stop();
      await rm(out, { recursive: true, force: true });
    },
  };
}

/** Puts real USDC code at USDC's own address, under the name that it has there. */
export async function placeUsdcOf({ target, provider }: Stage, name = target.usdcName!): Promise<void> {
  const issuer = new Wallet(devAccounts.usdcIssuer.privateKey, provider);
  await placeUsdc(provider, usdcAddressOf(target), name, issuer);
}

/** Puts a stand-in where Chainlink's coordinator is on that chain. */
export async function placeCoordinatorOf({ target, provider }: Stage): Promise<void> {
  const issuer = new Wallet(devAccounts.usdcIssuer.privateKey, provider);
  await placeCoordinator(provider, VRF_COORDINATORS[target.chainId]!.coordinator, issuer);
}

export function usdcAddressOf(target: Target): string {
  return USDC_ADDRESSES[target.chainId]!;
}

export interface Finished {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `scripts/deploy.ts` as the package's commands do. `changes` to the stage's variables; undefined unsets one. */
export async function runDeploy(stage: Stage, changes: Environment = {}, ...options: string[]): Promise<Finished> {
  return finished(startDeploy(stage, changes, ...options));
}

export function startDeploy(stage: Stage, changes: Environment = {}, ...options: string[]): ChildProcess {
  const args = [stage.target.network, "--out", stage.out, ...options];
  return start("../../scripts/deploy.ts", args, { ...stage.environment, ...changes });
}

/** Starts a TypeScript file, named from this folder, in a process of its own. */
export function start(file: string, args: string[], environment: Environment): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return spawn(process.execPath, [path, ...args], {
    env: { ...process.env, ...nothingSet, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

export async function finished(child: ChildProcess): Promise<Finished> {
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, "close")]);
  return { exitCode: child.exitCode, stdout, stderr };
}

/** How many transactions the deployer has sent. */
export async function sentBy(stage: Stage): Promise<number> {
  return stage.provider.getTransactionCount(devAccounts.deployer.address);
}
