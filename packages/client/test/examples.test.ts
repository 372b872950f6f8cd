import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { devAccounts } from "../../../scripts/chain/dev-accounts.ts";
import { json, startScriptedGateway } from "./support/gateway.ts";
import { event, job, JOB_ID } from "./support/samples.ts";
import { setStage } from "./support/stage.ts";

async function run(example: string, env: Record<string, string>): Promise<string> {
  const path = fileURLToPath(new URL(`../examples/${example}`, import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [path], {
    env: { ...process.env, ...env },
    timeout: 25_000,
  });
  expect(stderr).toBe("");
  return stdout;
}

describe("the examples run as they stand", () => {
  it("agent-rest.ts posts a job and follows it to its end", async () => {
    const gateway = await startScriptedGateway();
    try {
      const ended = job({ status: "paid", resolution: "Refunded.", sequence: 1 });
      gateway.script(json(201, job()), (response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end(`id: 1\ndata: ${JSON.stringify(event("job.completed", 1, ended))}\n\n`);
      });
      const output = await run("agent-rest.ts", { HFH_URL: gateway.baseUrl, HFH_API_KEY: "hfh_key" });
      expect(output).toContain(`${JOB_ID} 15.375 USDC in escrow by 0x`);
      expect(output).toContain("job.completed Refunded.");
    } finally {
      await gateway.stop();
    }
  });

  it("agent-wallet.ts puts a job into escrow from a wallet of its own", async () => {
    const stage = await setStage();
    try {
      const output = await run("agent-wallet.ts", {
        RPC_URL: stage.chain.url,
        PRIVATE_KEY: devAccounts.client.privateKey,
        DEPLOYMENT: JSON.stringify(stage.deployment),
        VERIFIER: devAccounts.verifier.address,
      });
      expect(output).toMatch(/^0x[0-9a-f]{64} open 0x[0-9a-f]{64}\n$/);
    } finally {
      await stage.stop();
    }
  });
});
