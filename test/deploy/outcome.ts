import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { ArbitrationPool__factory, Escrow__factory, deploymentSchema, type Deployment } from "@hireforhumans/protocol";
import { devAccounts } from "../../scripts/chain/dev-accounts.ts";
import { runDeploy, type Stage } from "./stage.ts";

export function recordPath({ out, target }: Stage): string {
  return join(out, `${target.chainId}.json`);
}

export async function recordOf(stage: Stage): Promise<Deployment> {
  return deploymentSchema.parse(JSON.parse(await readFile(recordPath(stage), "utf8")));
}

/** Deploys, expects success and nothing on stderr. @returns what was printed */
export async function deployed(stage: Stage): Promise<string> {
  const { exitCode, stdout, stderr } = await runDeploy(stage);
  expect(stderr).to.equal("");
  expect(exitCode).to.equal(0);
  return stdout;
}

/** Expects the recorded escrow and pool on chain, with the addresses of the record inside. */
export async function expectStanding(stage: Stage): Promise<void> {
  const record = await recordOf(stage);
  const escrow = Escrow__factory.connect(record.escrow, stage.provider);
  expect(await Promise.all([escrow.USDC(), escrow.REPUTATION(), escrow.TREASURY()])).to.deep.equal([
    record.usdc,
    record.reputation,
    devAccounts.treasury.address,
  ]);
  const pool = ArbitrationPool__factory.connect(record.arbitrationPool, stage.provider);
  expect(await Promise.all([pool.ESCROW(), pool.USDC()])).to.deep.equal([record.escrow, record.usdc]);
}
