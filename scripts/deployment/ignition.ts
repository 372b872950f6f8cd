import { access } from "node:fs/promises";
import { join } from "node:path";
import { toQuantity, type Provider, type Wallet } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { EthereumProvider } from "hardhat/types/providers";
import {
  HardhatArtifactResolver,
  errorDeploymentResultToExceptionMessage,
} from "@nomicfoundation/hardhat-ignition/helpers";
import {
  DeploymentResultType,
  TransactionStatus,
  deploy,
  listTransactions,
  status,
  trackTransaction,
  wipe,
  type EIP1193Provider,
  type RequestArguments,
  type TransactionInfo,
} from "@nomicfoundation/ignition-core";
import type { Deployment } from "@hireforhumans/protocol";
import type { PoolParameters } from "../chain/arbitration.ts";
import HireForHumans from "../../ignition/modules/HireForHumans.ts";
import { DeploymentError } from "./deployment-error.ts";
import { withQuotedPrice } from "./gas.ts";
import { resend, withOutbox } from "./outbox.ts";
import type { Target } from "./targets.ts";

export interface IgnitionRun {
  hre: HardhatRuntimeEnvironment;
  provider: EthereumProvider;
  target: Target;
  deployer: string;
  /** The deployer's key; undefined on a local chain, whose node signs. */
  wallet: Wallet | undefined;
  journal: string;
}

/**
 * Brings a journal that was cut off to where Ignition can go on from: a transaction that was signed but not written down
 * is sent again and written down, and a step that got no further than its intention is taken back.
 */
export async function recover(run: IgnitionRun): Promise<void> {
  if (!(await hasJournal(run))) return;
  const { provider, journal } = run;
  const recorded = new Set((await transactionsOf(run)).map(({ txHash }) => txHash));
  for (const hash of await resend(provider, journal, recorded)) {
    await trackTransaction(journal, hash, withTransactionChainId(provider, run.target.chainId));
  }

  const sent = (await transactionsOf(run)).map(({ name }) => `${HireForHumans.id}#${name ?? ""}`);
  const { started } = await status(journal);
  for (const step of started.filter((id) => !sent.includes(id))) {
    await wipe(journal, new HardhatArtifactResolver(run.hre.artifacts), step);
  }
}

/** The names of the contracts whose deployment was sent and has not failed. */
export async function sentContracts(run: IgnitionRun): Promise<string[]> {
  const transactions = (await hasJournal(run)) ? await transactionsOf(run) : [];
  const alive = [TransactionStatus.SUCCESS, TransactionStatus.PENDING];
  return transactions.flatMap(({ name, status }) => (name !== undefined && alive.includes(status) ? [name] : []));
}

/** Deploys what is not deployed yet, and waits until the chain has confirmed all of it. */
export async function ignite(
  run: IgnitionRun,
  parameters: { usdc: string; treasury: string } & PoolParameters,
  gasPriceWei: bigint,
): Promise<Pick<Deployment, "escrow" | "reputation" | "arbitrationPool">> {
  const { target, wallet, journal } = run;
  const signing = wallet === undefined ? run.provider : withOutbox(run.provider, wallet, target.chainId, journal);
  const result = await deploy({
    ignitionModule: HireForHumans,
    deploymentParameters: { [HireForHumans.id]: { ...parameters } },
    deploymentDir: journal,
    artifactResolver: new HardhatArtifactResolver(run.hre.artifacts),
    provider: withQuotedPrice(signing, target, gasPriceWei),
    accounts: [run.deployer],
    gasPrice: gasPriceWei,
    config: { blockPollingInterval: 500 },
  });
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) {
    throw new DeploymentError(errorDeploymentResultToExceptionMessage(result));
  }
  return {
    escrow: addressIn(result.contracts, HireForHumans.results.escrow.id),
    reputation: addressIn(result.contracts, HireForHumans.results.reputation.id),
    arbitrationPool: addressIn(result.contracts, HireForHumans.results.arbitrationPool.id),
  };
}

/** The block of the deployment's first transaction. */
export async function firstBlock(run: IgnitionRun, provider: Provider): Promise<number> {
  const transactions = await transactionsOf(run);
  const receipts = await Promise.all(transactions.map(({ txHash }) => provider.getTransactionReceipt(txHash)));
  // A transaction that a dearer one replaced has no receipt.
  return Math.min(...receipts.flatMap((receipt) => (receipt === null ? [] : [receipt.blockNumber])));
}

async function hasJournal({ journal }: IgnitionRun): Promise<boolean> {
  return access(join(journal, "journal.jsonl")).then(
    () => true,
    () => false,
  );
}

function transactionsOf({ hre, journal }: IgnitionRun): Promise<TransactionInfo[]> {
  return listTransactions(journal, new HardhatArtifactResolver(hre.artifacts));
}

/** Ignition insists on a transaction's chain id; some nodes (Hardhat's) leave it out of a legacy transaction. */
function withTransactionChainId(provider: EthereumProvider, chainId: number): EIP1193Provider {
  return {
    async request(request: RequestArguments): Promise<unknown> {
      const answer: unknown = await provider.request(request);
      if (request.method !== "eth_getTransactionByHash" || answer === null) return answer;
      return { chainId: toQuantity(chainId), ...(answer as object) };
    },
  };
}

function addressIn(contracts: Record<string, { address: string }>, id: string): string {
  const contract = contracts[id];
  if (contract === undefined) throw new Error(`Ignition reports no address for ${id}`);
  return contract.address;
}
