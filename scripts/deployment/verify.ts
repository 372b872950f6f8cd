import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { verifyContract } from "@nomicfoundation/hardhat-verify/verify";
import type { Deployment } from "@hireforhumans/protocol";
import { publicPoolParameters } from "../chain/arbitration.ts";
import { connect } from "./connect.ts";
import { DeploymentError } from "./deployment-error.ts";
import { requireAsRecorded } from "./readback.ts";
import type { Target } from "./targets.ts";

type Explorer = "etherscan" | "blockscout" | "sourcify";

/**
 * Hands the source of every contract to every explorer of the chain that can be reached with what is configured.
 * What an explorer knows already is left as it is, so this may be repeated.
 * @param hre must have the target's network as its own
 * @throws DeploymentError when there is nothing to verify, the chain shows other code, or an explorer did not verify
 */
export async function verify(
  hre: HardhatRuntimeEnvironment,
  target: Target,
  record: Deployment | undefined,
  log: (line: string) => void,
): Promise<void> {
  if (record === undefined) {
    throw new DeploymentError(
      `Nothing is recorded for ${target.title}. Deploy first: \`npx pnpm@12 deploy:${target.network}\`.`,
    );
  }
  const { ethers } = await connect(hre, target);
  await requireAsRecorded(ethers.provider, hre.artifacts, record);

  const failures: string[] = [];
  for (const explorer of await explorersOf(hre, target, log)) {
    for (const contract of contractsOf(target, record)) {
      try {
        await verifyContract({ ...contract, provider: explorer }, hre);
      } catch (error) {
        failures.push(`${explorer}, ${contract.contract}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  if (failures.length > 0) throw new DeploymentError(`Not verified:\n${failures.join("\n")}`);
}

function contractsOf(
  target: Target,
  record: Deployment,
): { contract: string; address: string; constructorArgs: unknown[] }[] {
  const { usdc, reputation, escrow, treasury, arbitrationPool } = record;
  const { minStake, windows, randomness } = publicPoolParameters(target.chainId);
  return [
    { contract: "contracts/reputation/Reputation.sol:Reputation", address: reputation, constructorArgs: [] },
    { contract: "contracts/escrow/Escrow.sol:Escrow", address: escrow, constructorArgs: [usdc, reputation, treasury] },
    {
      contract: "contracts/arbitration/ArbitrationPool.sol:ArbitrationPool",
      address: arbitrationPool,
      constructorArgs: [escrow, minStake, windows, randomness],
    },
  ];
}

async function explorersOf(
  hre: HardhatRuntimeEnvironment,
  target: Target,
  log: (line: string) => void,
): Promise<Explorer[]> {
  const known = hre.config.chainDescriptors.get(BigInt(target.chainId))?.blockExplorers ?? {};
  const { etherscan, blockscout, sourcify } = hre.config.verify;
  const explorers: Explorer[] = [];
  if (await etherscan.apiKey.get().catch(() => undefined)) explorers.push("etherscan");
  else log("Etherscan (PolygonScan) is left out: ETHERSCAN_API_KEY is neither in the environment nor in the keystore.");
  if (blockscout.enabled && known.blockscout !== undefined) explorers.push("blockscout");
  if (sourcify.enabled) explorers.push("sourcify");
  return explorers;
}
