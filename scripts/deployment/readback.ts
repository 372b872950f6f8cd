import { Contract, getAddress, type Provider } from "ethers";
import type { ArtifactManager, Artifact } from "hardhat/types/artifacts";
import { VRF_COORDINATORS, type Deployment } from "@hireforhumans/protocol";
import { DeploymentError } from "./deployment-error.ts";

/** Makes sure that the code on chain is this source's, and that they keep the addresses of the record. */
export async function requireAsRecorded(
  provider: Provider,
  artifacts: ArtifactManager,
  record: Omit<Deployment, "deployBlock">,
): Promise<void> {
  const escrow = await artifacts.readArtifact("Escrow");
  const pool = await artifacts.readArtifact("ArbitrationPool");
  await requireCode(provider, record.reputation, await artifacts.readArtifact("Reputation"));
  await requireCode(provider, record.escrow, escrow);
  await requireCode(provider, record.arbitrationPool, pool);

  const { usdc, reputation, treasury } = record;
  const escrowAt = new Contract(record.escrow, escrow.abi, provider);
  await requireKept(escrowAt, "escrow", { USDC: usdc, REPUTATION: reputation, TREASURY: treasury });
  const poolAt = new Contract(record.arbitrationPool, pool.abi, provider);
  const coordinator = VRF_COORDINATORS[record.chainId]?.coordinator;
  const source = coordinator === undefined ? {} : { COORDINATOR: coordinator };
  await requireKept(poolAt, "arbitration pool", { USDC: usdc, ESCROW: record.escrow, ...source });
}

async function requireKept(contract: Contract, what: string, kept: Record<string, string>): Promise<void> {
  for (const [view, expected] of Object.entries(kept)) {
    const actual = getAddress(String(await contract.getFunction(view).staticCall()));
    if (actual !== getAddress(expected)) {
      const at = await contract.getAddress();
      throw new DeploymentError(`The ${what} at ${at} keeps ${actual} as ${view}, expected ${expected}.`);
    }
  }
}

async function requireCode(provider: Provider, address: string, artifact: Artifact): Promise<void> {
  const actual = await provider.getCode(address);
  if (withoutImmutables(actual, artifact) !== withoutImmutables(artifact.deployedBytecode, artifact)) {
    throw new DeploymentError(
      actual === "0x"
        ? `There is no code at ${address}, expected ${artifact.contractName}.`
        : `The code at ${address} is not what this source compiles to as ${artifact.contractName}. ` +
            "Was it deployed from another version of the source?",
    );
  }
}

/** The compiler leaves zeros where the constructor writes an immutable. */
function withoutImmutables(code: string, artifact: Artifact): string {
  const places = Object.values(artifact.immutableReferences ?? {}).flat();
  return places.reduce((masked, { start, length }) => {
    const from = 2 + start * 2;
    return masked.slice(0, from) + "00".repeat(length) + masked.slice(from + length * 2);
  }, code);
}
