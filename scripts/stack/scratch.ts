import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for this run alone. It goes when the process exits, also when it is interrupted. */
export async function makeScratch(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `hireforhumans-${name}-`));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  // A signal that nobody hears ends a process without its exit.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));
  return folder;
}
