import { ContractFactory, Wallet, dataLength, formatUnits, type Provider } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Deployment } from "@hireforhumans/protocol";
import { deployCoordinator, localPoolParameters, type PoolParameters } from "../chain/arbitration.ts";
import { devAccounts } from "../chain/dev-accounts.ts";
import { deployUsdc } from "../chain/usdc.ts";
import { connect, deployerOf } from "./connect.ts";
import { DeploymentError } from "./deployment-error.ts";
import { estimateGas, quoteGasPrice, requireGas } from "./gas.ts";
import { firstBlock, ignite, recover, sentContracts, type IgnitionRun } from "./ignition.ts";
import { requireCoordinator, requireTreasury, requireUsdc } from "./preflight.ts";
import { requireAsRecorded } from "./readback.ts";
import { forget, readRecord, writeRecord, type Places } from "./record.ts";
import type { Target } from "./targets.ts";

const CONSTRUCTOR_GAS = 300_000n;

export interface DeployOptions {
  target: Target;
  places: Places;
  /** The address that earns the fees. Needed on public chains. */
  treasury?: string;
  /** Confirms that the treasury may be the account that deploys. */
  treasuryIsDeployer: boolean;
  log: (line: string) => void;
}

/**
 * Deploys Reputation, Escrow and ArbitrationPool (on a local chain also USDC and a stand-in for Chainlink's coordinator), or
 * finds that they stand already and changes nothing.
 * Everything is checked before anything is sent; on a public chain a run that was cut off goes on by its journal; the
 * addresses are recorded once the chain shows what was meant.
 * @throws DeploymentError that says what is wrong and what to do
 */
export async function deploy(hre: HardhatRuntimeEnvironment, options: DeployOptions): Promise<Deployment> {
  const { target, places, log } = options;
  const connection = await connect(hre, target);
  const provider: Provider = connection.ethers.provider;
  const { address: deployer, wallet } = await deployerOf(hre, target, connection);

  const standing = await standingDeployment(hre, options, provider);
  if (standing !== undefined) {
    log(`Already deployed on ${target.title}; nothing was sent.`);
    return standing;
  }

  const treasury = requireTreasury(target, options.treasury, deployer, options.treasuryIsDeployer);
  const usdc = target.usdcName === undefined ? await deployLocalUsdc(provider) : await requireUsdc(provider, target);
  const pool = await poolParameters(provider, target);
  const run = { hre, target, deployer, wallet, provider: connection.provider, journal: places.journal };
  await recover(run);
  const gasPriceWei = await quoteGasPrice(provider, target);
  const gas = await gasStillNeeded(run, provider, usdc, treasury);
  await requireGas(provider, target, deployer, gas, gasPriceWei);

  log(`Deploying on ${target.title} (chain ${target.chainId}) from ${deployer}.`);
  log(`  USDC ${usdc}, treasury ${treasury}, ${gas} gas at ${formatUnits(gasPriceWei, "gwei")} gwei.`);
  if (target.usdcName !== undefined) {
    log(`  Journal: ${places.journal}. If this is cut off, the same command goes on from there.`);
  }
  const contracts = await ignite(run, { usdc, treasury, ...pool }, gasPriceWei);

  const deployed = { chainId: target.chainId, usdc, ...contracts, treasury };
  await requireAsRecorded(provider, hre.artifacts, deployed);
  const record = { ...deployed, deployBlock: await firstBlock(run, provider) };
  await writeRecord(places, record);
  return record;
}

async function standingDeployment(
  hre: HardhatRuntimeEnvironment,
  { target, places, treasury, log }: DeployOptions,
  provider: Provider,
): Promise<Deployment | undefined> {
  const record = await readRecord(places);
  if (target.usdcName === undefined && (record === undefined || (await provider.getCode(record.escrow)) === "0x")) {
    if (record !== undefined) log("The local chain is a new one: what was recorded of an older one is forgotten.");
    await forget(places);
    return undefined;
  }
  if (record === undefined) return undefined;
  await requireAsRecorded(provider, hre.artifacts, record);
  if (treasury !== undefined && treasury.toLowerCase() !== record.treasury.toLowerCase()) {
    throw new DeploymentError(
      `${target.title} already has a deployment with the treasury ${record.treasury}, which can't be changed; ` +
        `TREASURY_ADDRESS is ${treasury}. To deploy a second one, move ${places.record} and ${places.journal} away.`,
    );
  }
  return record;
}

async function deployLocalUsdc(provider: Provider): Promise<string> {
  const usdc = await deployUsdc(new Wallet(devAccounts.usdcIssuer.privateKey, provider));
  return usdc.getAddress();
}

async function poolParameters(provider: Provider, target: Target): Promise<PoolParameters> {
  if (target.usdcName !== undefined) return await requireCoordinator(provider, target);
  const coordinator = await deployCoordinator(new Wallet(devAccounts.usdcIssuer.privateKey, provider));
  return localPoolParameters(await coordinator.getAddress());
}

async function gasStillNeeded(run: IgnitionRun, provider: Provider, usdc: string, treasury: string): Promise<bigint> {
  const sent = await sentContracts(run);
  // The escrow's constructor asks its reputation for code only, so USDC can stand in for one that is still to come.
  const constructorArgs = { Reputation: [], Escrow: [usdc, usdc, treasury] };
  const missing = Object.entries(constructorArgs).filter(([name]) => !sent.includes(name));
  const deployments = missing.map(async ([name, args]) => {
    const { abi, bytecode } = await run.hre.artifacts.readArtifact(name);
    return { factory: new ContractFactory(abi, bytecode), args };
  });
  const estimate = await estimateGas(provider, run.deployer, await Promise.all(deployments));
  return estimate + (sent.includes("ArbitrationPool") ? 0n : await gasOfPool(run));
}

/**
 * The pool's constructor asks the escrow, which is still to come, so that a node can't estimate it: what a creation costs
 * (EIP-2028, EIP-3860, 200 gas a byte of code) and, measured, the constructor with its new subscription.
 */
async function gasOfPool({ hre }: IgnitionRun): Promise<bigint> {
  const { bytecode, deployedBytecode } = await hre.artifacts.readArtifact("ArbitrationPool");
  const [initBytes, codeBytes] = [BigInt(dataLength(bytecode)), BigInt(dataLength(deployedBytecode))];
  return 53_000n + 17n * initBytes + 200n * codeBytes + CONSTRUCTOR_GAS;
}
