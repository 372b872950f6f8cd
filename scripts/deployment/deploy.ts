import { access } from "node:fs/promises";
import { ContractFactory, Wallet, formatUnits, type Provider } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";
import {
  HardhatArtifactResolver,
  errorDeploymentResultToExceptionMessage,
} from "@nomicfoundation/hardhat-ignition/helpers";
import { DeploymentResultType, deploy as ignite, listTransactions, status } from "@nomicfoundation/ignition-core";
import type { Deployment } from "@hireforhumans/protocol";
import HireForHumans from "../../ignition/modules/HireForHumans.ts";
import { devAccounts } from "../chain/dev-accounts.ts";
import { deployUsdc } from "../chain/usdc.ts";
import { connect, deployerOf } from "./connect.ts";
import { DeploymentError } from "./deployment-error.ts";
import { estimateGas, quoteGasPrice, requireGas, withQuotedPrice } from "./gas.ts";
import { requireTreasury, requireUsdc } from "./preflight.ts";
import { requireAsRecorded } from "./readback.ts";
import { forget, readRecord, writeRecord, type Places } from "./record.ts";
import type { Target } from "./targets.ts";

export interface DeployOptions {
  target: Target;
  places: Places;
  /** The address that earns the fees. Needed on public chains. */
  treasury?: string;
  /** Confirms that the treasury may be the account that deploys. */
  treasuryIsDeployer: boolean;
  log: (line: string) => void;
}

/** What a run has to know about the chain and itself. */
interface Run extends DeployOptions {
  hre: HardhatRuntimeEnvironment;
  connection: NetworkConnection;
  provider: Provider;
  deployer: string;
}

/**
 * Deploys Reputation and Escrow (on a local chain USDC too), or finds that they stand already and changes nothing.
 * Everything is checked before anything is sent; a run that was cut off goes on by its journal; the addresses are
 * recorded once the chain shows what was meant.
 * @throws DeploymentError that says what is wrong and what to do
 */
export async function deploy(hre: HardhatRuntimeEnvironment, options: DeployOptions): Promise<Deployment> {
  const { target, places, log } = options;
  const connection = await connect(hre, target);
  const deployer = await deployerOf(hre, target, connection);
  const provider: Provider = connection.ethers.provider;
  const run: Run = { ...options, hre, connection, provider, deployer };

  const recorded = await standingDeployment(run);
  if (recorded !== undefined) {
    log(`Already deployed on ${target.title}; nothing was sent.`);
    return recorded;
  }

  const treasury = requireTreasury(target, options.treasury, deployer, options.treasuryIsDeployer);
  const usdc = target.usdcName === undefined ? await deployLocalUsdc(provider) : await requireUsdc(provider, target);
  const gasPriceWei = await quoteGasPrice(provider, target);
  const gas = await gasStillNeeded(run, usdc, treasury);
  await requireGas(provider, target, deployer, gas, gasPriceWei);

  log(`Deploying on ${target.title} (chain ${target.chainId}) from ${deployer}.`);
  log(`  USDC ${usdc}, treasury ${treasury}, ${gas} gas at ${formatUnits(gasPriceWei, "gwei")} gwei.`);
  log(`  Journal: ${places.journal}. If this is cut off, the same command goes on from there.`);
  const deployed = await ignition(run, usdc, treasury, gasPriceWei);

  const record = { chainId: target.chainId, usdc, ...deployed, treasury };
  await requireAsRecorded(provider, hre.artifacts, record);
  const complete = { ...record, deployBlock: await firstBlock(run) };
  await writeRecord(places, complete);
  return complete;
}

async function standingDeployment(run: Run): Promise<Deployment | undefined> {
  const { target, places, provider, treasury, log } = run;
  const record = await readRecord(places);
  if (target.usdcName === undefined && (record === undefined || (await provider.getCode(record.escrow)) === "0x")) {
    if (record !== undefined) log("The local chain is a new one: what was recorded of an older one is forgotten.");
    await forget(places);
    return undefined;
  }
  if (record === undefined) return undefined;
  await requireAsRecorded(provider, run.hre.artifacts, record);
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

async function gasStillNeeded(run: Run, usdc: string, treasury: string): Promise<bigint> {
  const standing = (await hasJournal(run)) ? Object.keys((await status(run.places.journal)).contracts) : [];
  // The escrow's constructor asks its reputation for code only, so USDC can stand in for one that is still to come.
  const all = [
    { name: "Reputation", args: [] },
    { name: "Escrow", args: [usdc, usdc, treasury] },
  ].filter(({ name }) => !standing.includes(`${HireForHumans.id}#${name}`));
  const deployments = all.map(async ({ name, args }) => {
    const { abi, bytecode } = await run.hre.artifacts.readArtifact(name);
    return { factory: new ContractFactory(abi, bytecode), args };
  });
  return estimateGas(run.provider, run.deployer, await Promise.all(deployments));
}

async function hasJournal({ places }: Run): Promise<boolean> {
  return access(`${places.journal}/journal.jsonl`).then(
    () => true,
    () => false,
  );
}

async function ignition(
  run: Run,
  usdc: string,
  treasury: string,
  gasPriceWei: bigint,
): Promise<{ escrow: string; reputation: string }> {
  const { target, connection, deployer, places } = run;
  const result = await ignite({
    ignitionModule: HireForHumans,
    deploymentParameters: { [HireForHumans.id]: { usdc, treasury } },
    deploymentDir: places.journal,
    artifactResolver: new HardhatArtifactResolver(run.hre.artifacts),
    provider: withQuotedPrice(connection.provider, target, gasPriceWei),
    accounts: [deployer],
    gasPrice: gasPriceWei,
    config: { blockPollingInterval: 500 },
  });
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) {
    throw new DeploymentError(errorDeploymentResultToExceptionMessage(result));
  }
  return {
    escrow: addressIn(result.contracts, HireForHumans.results.escrow.id),
    reputation: addressIn(result.contracts, HireForHumans.results.reputation.id),
  };
}

function addressIn(contracts: Record<string, { address: string }>, id: string): string {
  const contract = contracts[id];
  if (contract === undefined) throw new Error(`Ignition reports no address for ${id}`);
  return contract.address;
}

async function firstBlock({ hre, provider, places }: Run): Promise<number> {
  const transactions = await listTransactions(places.journal, new HardhatArtifactResolver(hre.artifacts));
  const receipts = await Promise.all(transactions.map(({ txHash }) => provider.getTransactionReceipt(txHash)));
  // A transaction that a dearer one replaced has no receipt.
  return Math.min(...receipts.flatMap((receipt) => (receipt === null ? [] : [receipt.blockNumber])));
}
