import { readFile } from "node:fs/promises";

export interface Artifact {
  abi: unknown[];
  bytecode: string;
}

/** A compiled contract by its concept's folder and its name, such as ("escrow", "Escrow"). */
export async function readArtifact(concept: string, name: string): Promise<Artifact> {
  const path = new URL(`../../artifacts/contracts/${concept}/${name}.sol/${name}.json`, import.meta.url);
  try {
    return JSON.parse(await readFile(path, "utf8")) as Artifact;
  } catch (cause) {
    throw new Error(`The contract ${name} is not compiled. Run \`npx pnpm@12 compile\` first.`, { cause });
  }
}
