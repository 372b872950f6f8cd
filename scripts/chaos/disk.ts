import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import type { Making } from "./troubles.ts";

const execute = promisify(execFile);
const sizeKiB = 2_048;

/** The store of files gets a small disk of its own, which is full for some seconds. */
export async function fillDisk({ world, note }: Making): Promise<void> {
  const folder = join(world.dataDir, "files");
  if (!world.mounts.includes(folder)) {
    await mkdir(folder, { recursive: true });
    await execute("mount", ["-t", "tmpfs", "-o", `size=${sizeKiB}k`, "tmpfs", folder]);
    world.mounts.push(folder);
  }
  const ballast = join(folder, "ballast");
  // What fits is written; that the rest does not is what this is for.
  await writeFile(ballast, Buffer.alloc(sizeKiB * 1_024)).catch(() => undefined);
  note();
  await sleep(5_000);
  await rm(ballast);
}
