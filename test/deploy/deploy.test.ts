import { readFile, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { ZeroAddress, getCreateAddress } from "ethers";
import { Escrow__factory, deploymentSchema, type Deployment } from "@hireforhumans/protocol";
import { devAccounts } from "../../scripts/chain/dev-accounts.ts";
import { startLocalChain } from "../../scripts/chain/local-chain.ts";
import {
  finished,
  placeUsdcOf,
  runDeploy,
  sentBy,
  startDeploy,
  startStage,
  usdcAddressOf,
  type Stage,
} from "./stage.ts";

const deployer = devAccounts.deployer.address;
const treasury = devAccounts.treasury.address;
const minTipWei = 30_000_000_000n;

function recordPath({ out, target }: Stage): string {
  return `${out}/${target.chainId}.json`;
}

async function recordOf(stage: Stage): Promise<Deployment> {
  return deploymentSchema.parse(JSON.parse(await readFile(recordPath(stage), "utf8")));
}

async function deployed(stage: Stage): Promise<string> {
  const { exitCode, stdout, stderr } = await runDeploy(stage);
  expect(stderr).to.equal("");
  expect(exitCode).to.equal(0);
  return stdout;
}

async function expectStanding(stage: Stage): Promise<void> {
  const record = await recordOf(stage);
  const escrow = Escrow__factory.connect(record.escrow, stage.provider);
  expect(await Promise.all([escrow.USDC(), escrow.REPUTATION(), escrow.TREASURY()])).to.deep.equal([
    record.usdc,
    record.reputation,
    treasury,
  ]);
}

for (const network of ["amoy", "polygon"] as const) {
  describe(`deploy:${network} on a local node with its chain id and real USDC at its address`, function () {
    this.timeout(60_000);
    let stage: Stage;

    before(async () => {
      stage = await startStage(network);
      await placeUsdcOf(stage);
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

describe("a deployment that was cut off", function () {
  this.timeout(90_000);
  let stage: Stage;

  beforeEach(async () => {
    stage = await startStage("amoy");
    await placeUsdcOf(stage);
    await stage.provider.send("evm_setAutomine", [false]);
    await stage.provider.send("evm_setIntervalMining", [200]);
  });

  afterEach(() => stage.stop());

  async function until(condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition())) await sleep(20);
  }

  it("between its two contracts goes on with the second", async () => {
    const reputation = getCreateAddress({ from: deployer, nonce: 0 });
    const run = startDeploy(stage);
    const ended = finished(run);
    await until(async () => (await stage.provider.getCode(reputation)) !== "0x");
    run.kill("SIGKILL");
    await ended;
    expect(await sentBy(stage)).to.equal(1);

    await deployed(stage);
    expect(await sentBy(stage)).to.equal(2);
    expect((await recordOf(stage)).reputation).to.equal(reputation);
    await expectStanding(stage);
  });

  it("with its last transaction under way waits for that one", async () => {
    const run = startDeploy(stage);
    const ended = finished(run);
    await until(async () => (await stage.provider.getTransactionCount(deployer, "pending")) === 2);
    run.kill("SIGKILL");
    await ended;

    await deployed(stage);
    expect(await sentBy(stage)).to.equal(2);
    await expectStanding(stage);
  });
});

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
