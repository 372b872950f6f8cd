/**
 * `npx pnpm@12 deploy:local | deploy:amoy | deploy:polygon`, see docs/deploy.md.
 *
 * TREASURY_ADDRESS: the address that earns the fees.
 * --treasury-is-deployer: let it be the deployer's own account on Polygon.
 * --out <folder>: keep journal and addresses there, for a rehearsal on a fork.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import config from "../hardhat.config.ts";
import { DeploymentError } from "./deployment/deployment-error.ts";
import { deploy } from "./deployment/deploy.ts";
import { placesOf } from "./deployment/record.ts";
import { isNetworkName, targets } from "./deployment/targets.ts";

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: "string" }, "treasury-is-deployer": { type: "boolean", default: false } },
  });
  const [network] = positionals;
  if (!isNetworkName(network)) {
    throw new DeploymentError(`Name a network: ${Object.keys(targets).join(", ")}. Given: ${network ?? "none"}.`);
  }
  const target = targets[network];
  const places = placesOf(target, values.out);
  const treasury = process.env["TREASURY_ADDRESS"];
  const hre = await createHardhatRuntimeEnvironment(config, { network }, fileURLToPath(new URL("..", import.meta.url)));
  const record = await deploy(hre, {
    target,
    places,
    ...(treasury === undefined ? {} : { treasury }),
    treasuryIsDeployer: values["treasury-is-deployer"],
    log: (line) => console.log(line),
  });
  console.log(JSON.stringify(record, undefined, 2));
  console.log(`Recorded in ${places.record}`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof DeploymentError ? error.message : error);
  process.exitCode = 1;
}
