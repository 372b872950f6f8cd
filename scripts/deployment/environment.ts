import { fileURLToPath } from "node:url";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatUserConfig } from "hardhat/config";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import config from "../../hardhat.config.ts";
import type { Target } from "./targets.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Hardhat with this repository's configuration, or what was made of it, and the target as its network. */
export function environmentOf(target: Target, from: HardhatUserConfig = config): Promise<HardhatRuntimeEnvironment> {
  // The profile of `hardhat build`. Hardhat's plugins would take "production", which has other compiler settings.
  return createHardhatRuntimeEnvironment(from, { network: target.network, buildProfile: "default" }, root);
}

/** The configuration without the deployer's key, for what only reads the chain. */
export function withoutKey(target: Target, from: HardhatUserConfig = config): HardhatUserConfig {
  const network = from.networks?.[target.network];
  if (network?.type !== "http") throw new Error(`hardhat.config.ts has no http network ${target.network}`);
  return { ...from, networks: { ...from.networks, [target.network]: { ...network, accounts: "remote" } } };
}
