import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { arbitrationPoolInterface } from "@hireforhumans/protocol";
import { AbiCoder } from "ethers";
import { publicPoolParameters } from "../../scripts/chain/arbitration.ts";
import { openExplorer, type Explorer } from "./explorer.ts";
import { deployed, recordOf } from "./outcome.ts";
import { finished, placeCoordinatorOf, placeUsdcOf, start, startStage, type Finished, type Stage } from "./stage.ts";

const apiKey = "a-key-of-etherscan";
const root = new URL("../../", import.meta.url);

describe("verify:amoy at explorers that speak the protocols of Etherscan and Sourcify", function () {
  this.timeout(90_000);
  let stage: Stage;
  let explorer: Explorer;

  before(async () => {
    stage = await startStage("amoy");
    explorer = await openExplorer(apiKey);
    await placeUsdcOf(stage);
    await placeCoordinatorOf(stage);
  });

  after(async () => {
    explorer.close();
    await stage.stop();
  });

  beforeEach(() => {
    explorer.submissions.length = 0;
  });

  /** No key of the deployer: verifying needs none. */
  function runVerify(keys: Record<string, string> = { ETHERSCAN_API_KEY: apiKey }): Promise<Finished> {
    const { AMOY_RPC_URL } = stage.environment;
    return finished(start("verify-at.ts", [explorer.url, stage.out], { AMOY_RPC_URL, ...keys }));
  }

  it("says that there is nothing to verify before a deployment", async () => {
    const { exitCode, stderr } = await runVerify();
    expect(exitCode).to.equal(1);
    expect(stderr).to.equal("Nothing is recorded for Amoy. Deploy first: `npx pnpm@12 deploy:amoy`.\n");
  });

  it("fails when an explorer does not agree, and names it", async () => {
    await deployed(stage);
    explorer.verdict = "Fail - Unable to verify";
    const { exitCode, stderr } = await runVerify();
    expect(exitCode).to.equal(1);
    expect(stderr).to.contain("Not verified:\netherscan, contracts/reputation/Reputation.sol:Reputation:");
    expect(stderr).to.contain("etherscan, contracts/escrow/Escrow.sol:Escrow:");
  });

  it("hands all the source, the settings and the constructor's arguments of what was deployed", async () => {
    explorer.verdict = "Pass - Verified";
    const { exitCode, stderr } = await runVerify();
    expect(stderr).to.equal("");
    expect(exitCode).to.equal(0);

    const { escrow, reputation, usdc, treasury, arbitrationPool } = await recordOf(stage);
    const { minStake, windows, randomness } = publicPoolParameters(stage.target.chainId);
    const poolArgs = arbitrationPoolInterface.encodeDeploy([escrow, minStake, windows, randomness]);
    const args = AbiCoder.defaultAbiCoder().encode(["address", "address", "address"], [usdc, reputation, treasury]);
    const expected = [
      { contract: "project/contracts/reputation/Reputation.sol:Reputation", address: reputation, args: "" },
      { contract: "project/contracts/escrow/Escrow.sol:Escrow", address: escrow, args: args.slice(2) },
      {
        contract: "project/contracts/arbitration/ArbitrationPool.sol:ArbitrationPool",
        address: arbitrationPool,
        args: poolArgs.slice(2),
      },
    ];
    const submitted = explorer.submissions.map(({ explorer, contract, address }) => ({ explorer, contract, address }));
    expect(submitted).to.deep.equal(
      (["etherscan", "sourcify"] as const).flatMap((name) =>
        expected.map(({ contract, address }) => ({ explorer: name, contract, address })),
      ),
    );
    for (const [index, submission] of explorer.submissions.entries()) {
      expect(submission.chainId).to.equal("80002");
      expect(submission.compiler).to.match(/^v0\.8\.37\+commit\./);
      expect(submission.input.settings).to.deep.include({ evmVersion: "cancun", viaIR: true });
      expect(submission.constructorArguments).to.equal(index < 3 ? expected[index]!.args : undefined);
      const path = submission.contract.split(":")[0]!;
      const source = await readFile(new URL(path.replace("project/", ""), root), "utf8");
      expect(submission.input.sources[path]?.content).to.equal(source);
    }
  });

  it("leaves what is verified already as it is", async () => {
    await runVerify();
    const submitted = explorer.submissions.length;
    const { exitCode, stdout } = await runVerify();
    expect(exitCode).to.equal(0);
    expect(stdout).to.contain("has already been verified on");
    expect(explorer.submissions.length).to.equal(submitted);
  });

  it("goes without Etherscan when it has no key for it, and says so", async () => {
    const { exitCode, stdout } = await runVerify({});
    expect(exitCode).to.equal(0);
    expect(stdout).to.contain("Etherscan (PolygonScan) is left out: ETHERSCAN_API_KEY is neither");
    expect(explorer.submissions.map(({ explorer: name }) => name)).to.deep.equal(
      Array.from({ length: 3 }, () => "sourcify"),
    );
  });
});
