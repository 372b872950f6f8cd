import { readFile } from "node:fs/promises";

export interface Artifact {
  abi: unknown[];
  bytecode: string;
  /** What the chain keeps, without the constructor. */
  deployedBytecode: string;
}

/** A compiled contract by its concept's folder and its name, such as ("escrow", "Escrow"). */
export async function readArtifact(concept: string, name: string): Promise<Artifact> {
  return await read(`contracts/${concept}/${name}.sol/${name}.json`, name);
}

/** Chainlink's stand-in for its VRF v2.5 coordinator. */
export async function readCoordinatorArtifact(): Promise<Artifact> {
  const name = "VRFCoordinatorV2_5Mock";
  return await read(`@chainlink/contracts/src/v0.8/vrf/mocks/${name}.sol/${name}.json`, name);
}

async function read(below: string, name: string): Promise<Artifact> {
  const path = new URL(`../../artifacts/${below}`, import.meta.url);
  try {
    return JSON.parse(await readFile(path, "utf8")) as Artifact;
  } catch (cause) {
    throw new Error(`The contract ${name} is not compiled. Run \`npx pnpm@12 compile\` first.`, { cause });
  }
}
