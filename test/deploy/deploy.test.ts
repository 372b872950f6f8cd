import { readFile, rm } from "node:fs/promises";
import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { devAccounts } from "../../scripts/chain/dev-accounts.ts";
import { startLocalChain } from "../../scripts/chain/local-chain.ts";
import { deployed, expectStanding, recordOf, recordPath } from "./outcome.ts";
import { placeCoordinatorOf, placeUsdcOf, runDeploy, sentBy, startStage, usdcAddressOf, type Stage } from "./stage.ts";

const deployer = devAccounts.deployer.address;
const treasury = devAccounts.treasury.address;
const minTipWei = 30_000_000_000n;

for (const network of ["amoy", "polygon"] as const) {
  describe(`deploy:${network} on a local node with its chain id and real USDC at its address`, function () {
    this.timeout(60_000);
    let stage: Stage;

    before(async () => {
      stage = await startStage(network);
      await placeUsdcOf(stage);
      await placeCoordinatorOf(stage);
    });

    after(() => stage.stop());

    it("deploys and records what protocol can read, from the first block of it", async () => {
      const blockBefore = await stage.provider.getBlockNumber();
      await deployed(stage);

      const record = await recordOf(stage);
      expect(record).to.deep.include({ chainId: stage.target.chainId, usdc: usdcAddressOf(stage.target), treasury });
      expect(record.deployBlock).to.equal(blockBefore + 1);
      await expectStanding(stage);
    });

    it("pays the tip that validators ask for", async () => {
      const { deployBlock } = await recordOf(stage);
      for (const number of [deployBlock, deployBlock + 1]) {
        const block = (await stage.provider.getBlock(number, true))!;
        const [transaction] = block.prefetchedTransactions;
        expect(transaction?.from).to.equal(deployer);
        expect(transaction!.gasPrice - block.baseFeePerGas!).to.be.at.least(minTipWei);
      }
    });

    it("finds all done the second time, sends nothing and changes nothing", async () => {
      const [sent, record] = [await sentBy(stage), await readFile(recordPath(stage), "utf8")];
      expect(await deployed(stage)).to.contain(`Already deployed on ${stage.target.title}; nothing was sent.`);
      expect(await sentBy(stage)).to.equal(sent);
      expect(await readFile(recordPath(stage), "utf8")).to.equal(record);
    });

    it("refuses another treasury for what stands already", async () => {
      const { exitCode, stderr } = await runDeploy(stage, { TREASURY_ADDRESS: devAccounts.client.address });
      expect(exitCode).to.equal(1);
      expect(stderr).to.contain(`already has a deployment with the treasury ${treasury}, which can't be changed`);
    });

    it("writes a lost record again without deploying again", async () => {
      const [sent, record] = [await sentBy(stage), await recordOf(stage)];
      await rm(recordPath(stage));
      await deployed(stage);
      expect(await recordOf(stage)).to.deep.equal(record);
      expect(await sentBy(stage)).to.equal(sent);
    });

    it("refuses a record whose contract is not there, or not of this source", async () => {
      const { escrow } = await recordOf(stage);
      await stage.provider.send("hardhat_setCode", [escrow, "0x6000"]);
      expect((await runDeploy(stage)).stderr).to.contain(`The code at ${escrow} is not what this source compiles to`);
      await stage.provider.send("hardhat_setCode", [escrow, "0x"]);
      expect((await runDeploy(stage)).stderr).to.contain(`There is no code at ${escrow}, expected Escrow`);
    });
  });
}

describe("deploy:local", function () {
  this.timeout(60_000);
  let stage: Stage;

  before(async () => {
    stage = await startStage("localhost");
  });

  after(() => stage.stop());

  it("puts USDC there too, and needs neither key nor treasury", async () => {
    const { exitCode, stderr } = await runDeploy(stage, {
      DEPLOYER_PRIVATE_KEY: undefined,
      TREASURY_ADDRESS: undefined,
    });
    expect(stderr).to.equal("");
    expect(exitCode).to.equal(0);
    expect((await recordOf(stage)).usdc).to.not.equal(ZeroAddress);
    await expectStanding(stage);
  });

  it("finds all done the second time", async () => {
    expect(await deployed(stage)).to.contain("Already deployed on the local chain; nothing was sent.");
  });

  it("forgets what an older local chain had", async () => {
    const newer = await startLocalChain();
    try {
      const { stdout } = await runDeploy(stage, { LOCAL_RPC_URL: newer.url });
      expect(stdout).to.contain("The local chain is a new one: what was recorded of an older one is forgotten.");
    } finally {
      await newer.stop();
    }
  });
});
