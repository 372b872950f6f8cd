import { fileURLToPath } from "node:url";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import config from "../../hardhat.config.ts";
import type { Target } from "./targets.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Hardhat with this repository's configuration and the target as its network. */
export function environmentOf(target: Target): Promise<HardhatRuntimeEnvironment> {
  return createHardhatRuntimeEnvironment(config, { network: target.network }, root);
}
