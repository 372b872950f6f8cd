/**
 * `npx pnpm@12 deploy:local | deploy:amoy | deploy:polygon`, see docs/deploy.md.
 *
 * TREASURY_ADDRESS: the address that earns the fees.
 * --treasury-is-deployer: let it be the deployer's own account on Polygon.
 * --out <folder>: keep journal and addresses there, for a rehearsal on a fork.
 */
import { parseArgs } from "node:util";
import { deploy } from "./deployment/deploy.ts";
import { environmentOf } from "./deployment/environment.ts";
import { placesOf } from "./deployment/record.ts";
import { runForDeployer } from "./deployment/run.ts";
import { targetOf } from "./deployment/targets.ts";

await runForDeployer(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: "string" }, "treasury-is-deployer": { type: "boolean", default: false } },
  });
  const target = targetOf(positionals[0]);
  const places = placesOf(target, values.out);
  const treasury = process.env["TREASURY_ADDRESS"];
  const record = await deploy(await environmentOf(target), {
    target,
    places,
    ...(treasury === undefined ? {} : { treasury }),
    treasuryIsDeployer: values["treasury-is-deployer"],
    log: (line) => console.log(line),
  });
  console.log(JSON.stringify(record, undefined, 2));
  console.log(`Recorded in ${places.record}`);
});
