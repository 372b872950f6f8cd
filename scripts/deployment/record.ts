import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deploymentSchema, type Deployment } from "@hireforhumans/protocol";
import type { Target } from "./targets.ts";

/** Where one chain's deployment is kept. */
export interface Places {
  /** The JSON file with the addresses. */
  record: string;
  /** Ignition's folder, from which a run that was cut off goes on. */
  journal: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Public chains: the record where `packages/protocol` reads it, the journal where Ignition looks for it; both belong into
 * version control. A local chain ends with its process, so its addresses stay out of the tree.
 * @param out a folder to use instead, for a rehearsal on a fork
 */
export function placesOf(target: Target, out?: string): Places {
  const folder = out ?? (target.usdcName === undefined ? join(root, ".hfh", "deployments") : undefined);
  const { chainId } = target;
  return folder === undefined
    ? {
        record: join(root, "packages", "protocol", "src", "deployments", `${chainId}.json`),
        journal: join(root, "ignition", "deployments", `chain-${chainId}`),
      }
    : { record: join(folder, `${chainId}.json`), journal: join(folder, `chain-${chainId}`) };
}

/** @returns undefined where the file is missing or holds `null`, as it does before the first deployment. */
export async function readRecord(places: Places): Promise<Deployment | undefined> {
  try {
    return deploymentSchema.nullable().parse(JSON.parse(await readFile(places.record, "utf8"))) ?? undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export async function writeRecord(places: Places, record: Deployment): Promise<void> {
  await mkdir(dirname(places.record), { recursive: true });
  const draft = `${places.record}.new`;
  await writeFile(draft, `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(draft, places.record);
}

export async function forget(places: Places): Promise<void> {
  await rm(places.record, { force: true });
  await rm(places.journal, { recursive: true, force: true });
}
