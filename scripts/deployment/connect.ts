import { Wallet } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { HttpNetworkConfig, ResolvedConfigurationVariable } from "hardhat/types/config";
import type { NetworkConnection } from "hardhat/types/network";
import { DeploymentError } from "./deployment-error.ts";
import type { Target } from "./targets.ts";

/** Connects to the target's RPC and makes sure that it is the target's chain that answers. */
export async function connect(hre: HardhatRuntimeEnvironment, target: Target): Promise<NetworkConnection> {
  await valueOf(configOf(hre, target).url, `RPC URL for ${target.title}`);
  // Hardhat wants the key with the first request of whatever kind.
  await keyOf(hre, target);
  const connection = await hre.network.create(target.network);
  const chainId = Number(await connection.provider.request({ method: "eth_chainId" }));
  if (chainId !== target.chainId) {
    throw new DeploymentError(
      `The RPC that was given for ${target.title} serves chain ${chainId}, expected ${target.chainId}. ` +
        `Nothing was sent. Give the URL of a node of ${target.title}.`,
    );
  }
  return connection;
}

/** Who sends the deployment. */
export interface Deployer {
  address: string;
  /** Undefined on a local chain, whose node signs for its own accounts. */
  wallet: Wallet | undefined;
}

/** The account of the key that the deployer gave; on a local chain, the node's own first one. */
export async function deployerOf(
  hre: HardhatRuntimeEnvironment,
  target: Target,
  connection: NetworkConnection,
): Promise<Deployer> {
  const wallet = await keyOf(hre, target);
  return { address: wallet?.address ?? (await firstAccount(connection)), wallet };
}

function configOf(hre: HardhatRuntimeEnvironment, target: Target): HttpNetworkConfig {
  return hre.config.networks[target.network] as HttpNetworkConfig;
}

async function keyOf(hre: HardhatRuntimeEnvironment, target: Target): Promise<Wallet | undefined> {
  const { accounts } = configOf(hre, target);
  const variable = Array.isArray(accounts) ? accounts[0] : undefined;
  if (variable === undefined) return undefined;
  const privateKey = await valueOf(variable, "key to deploy with");
  try {
    return new Wallet(privateKey);
  } catch {
    // The cause would show the key.
    throw new DeploymentError("DEPLOYER_PRIVATE_KEY is no private key: expected 32 bytes in hex.");
  }
}

async function valueOf(variable: ResolvedConfigurationVariable, what: string): Promise<string> {
  try {
    return await variable.get();
  } catch (cause) {
    const name = "name" in variable ? String(variable.name) : "its variable";
    throw new DeploymentError(
      `There is no ${what}: ${name} is neither in the environment nor in Hardhat's keystore. ` +
        `Set it with \`npx pnpm@12 exec hardhat keystore set ${name}\`.`,
      { cause },
    );
  }
}

async function firstAccount(connection: NetworkConnection): Promise<string> {
  const [account] = (await connection.provider.request({ method: "eth_accounts" })) as string[];
  if (account === undefined) {
    throw new DeploymentError("The local node has no account to deploy with. Start it by `npx pnpm@12 chain`.");
  }
  return account;
}
