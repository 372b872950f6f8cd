/**
 * `npx pnpm@12 verify:amoy | verify:polygon`, see docs/deploy.md.
 *
 * --out <folder>: where `deploy` was told to keep the addresses.
 */
import { parseArgs } from "node:util";
import { environmentOf, withoutKey } from "./deployment/environment.ts";
import { placesOf, readRecord } from "./deployment/record.ts";
import { runForDeployer } from "./deployment/run.ts";
import { targetOf } from "./deployment/targets.ts";
import { verify } from "./deployment/verify.ts";

await runForDeployer(async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: "string" } } });
  const target = targetOf(positionals[0]);
  const record = await readRecord(placesOf(target, values.out));
  const hre = await environmentOf(target, withoutKey(target));
  await verify(hre, target, record, (line) => console.log(line));
});
