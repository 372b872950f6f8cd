import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { getCreateAddress } from "ethers";
import { devAccounts } from "../../scripts/chain/dev-accounts.ts";
import { openGate } from "./gate.ts";
import { deployed, expectStanding, recordOf } from "./outcome.ts";
import { finished, placeCoordinatorOf, placeUsdcOf, sentBy, startDeploy, startStage, type Stage } from "./stage.ts";

const reputation = getCreateAddress({ from: devAccounts.deployer.address, nonce: 0 });

describe("a deployment that is killed and run again", function () {
  this.timeout(60_000);
  let stage: Stage;

  beforeEach(async () => {
    stage = await startStage("amoy");
    await placeUsdcOf(stage);
    await placeCoordinatorOf(stage);
  });

  afterEach(() => stage.stop());

  /** Kills a run while its nth transaction is under way. */
  async function killAt(nth: number, handOn: boolean): Promise<void> {
    const kill = (): boolean => run.kill("SIGKILL");
    const gate = await openGate(stage.chain.url, nth, handOn, () => kill());
    const run = startDeploy(stage, { AMOY_RPC_URL: gate.url });
    await finished(run);
    gate.close();
    expect(run.signalCode).to.equal("SIGKILL");
  }

  async function expectThreeTransactionsInAll(): Promise<void> {
    await deployed(stage);
    expect(await sentBy(stage)).to.equal(3);
    expect((await recordOf(stage)).reputation).to.equal(reputation);
    await expectStanding(stage);
  }

  it("between its first two contracts goes on with the second", async () => {
    await stage.provider.send("evm_setAutomine", [false]);
    await stage.provider.send("evm_setIntervalMining", [200]);
    const run = startDeploy(stage);
    const ended = finished(run);
    while ((await stage.provider.getCode(reputation)) === "0x") await sleep(20);
    run.kill("SIGKILL");
    await ended;
    expect(await sentBy(stage)).to.equal(1);

    await expectThreeTransactionsInAll();
  });

  for (const [nth, name] of [
    [1, "first"],
    [2, "second"],
  ] as const) {
    it(`after the node took its ${name} transaction, before it knew, finds that one`, async () => {
      await killAt(nth, true);
      expect(await sentBy(stage)).to.equal(nth);
      await expectThreeTransactionsInAll();
    });

    it(`before its ${name} transaction reached the node sends that one`, async () => {
      await killAt(nth, false);
      expect(await sentBy(stage)).to.equal(nth - 1);
      await expectThreeTransactionsInAll();
    });

    it(`before its ${name} transaction was signed starts that step again`, async () => {
      await killAt(nth, false);
      await rm(join(stage.out, `chain-${stage.target.chainId}`, "outbox.jsonl"));
      await expectThreeTransactionsInAll();
    });
  }
});
