import { expect } from "chai";
import type { TestCoordinator } from "../../types/ethers-contracts/index.js";
import {
  DRAW_WINDOW,
  STAKING_WINDOW,
  anotherCourt,
  commitVotes,
  loadCourt,
  requestDraw,
  revealVotes,
  type Court,
} from "../support/court.ts";
import { Vote } from "@hireforhumans/protocol";
import { statusCode } from "../support/jobs.ts";
import { blockTime, ethers, networkHelpers } from "../support/network.ts";
import { newCase, phaseOf } from "../support/phases.ts";
import { expectMoves, expectWhole, usd } from "../support/poolEffects.ts";

const modes = ["Answer", "Revert", "RevertBomb", "BurnGas", "Reenter"];

/** A court whose randomness comes from a coordinator that misbehaves as it is told. */
async function courtOfTestCoordinator(): Promise<Court & { source: TestCoordinator }> {
  const court = await loadCourt();
  const source = await ethers.deployContract("TestCoordinator");
  return { ...(await anotherCourt(court, court, source)), source };
}

describe("randomness that never comes", () => {
  const failures: { name: string; fail: (court: Court & { source: TestCoordinator }) => Promise<unknown> }[] = [
    { name: "reverts", fail: async ({ source }) => source.setMode(modes.indexOf("Revert")) },
    { name: "reverts with 100 KB", fail: async ({ source }) => source.setMode(modes.indexOf("RevertBomb")) },
    { name: "burns its gas", fail: async ({ source }) => source.setMode(modes.indexOf("BurnGas")) },
    { name: "answers nothing", fail: async ({ source }) => source.answerWith("0x") },
    { name: "answers half a word", fail: async ({ source }) => source.answerWith("0x" + "11".repeat(16)) },
    { name: "answers 4 KB", fail: async ({ source }) => source.answerWith("0x" + "11".repeat(4_096)) },
    {
      name: "has no code any more",
      fail: async ({ source }) => networkHelpers.setCode(await source.getAddress(), "0x"),
    },
    { name: "never answers the request", fail: () => Promise.resolve() },
  ];
  for (const { name, fail } of failures) {
    it(`a coordinator that ${name}: three draws fail in less than a day, then the terms split`, async () => {
      const court = await courtOfTestCoordinator();
      const d = await newCase(court, "Waiting");
      const from = (await d.pool.caseOf(d.jobId)).until;
      await fail(court);
      for (let draw = 0; draw < 3; ++draw) {
        await requestDraw(d);
        expect(await phaseOf(d)).to.equal("Drawing");
        await networkHelpers.time.increase(DRAW_WINDOW);
      }
      await requestDraw(d);
      await expectMoves(d, d.pool.connect(d.stranger).rule(d.terms), {
        balances: { [d.client.address]: usd(20), [d.worker.address]: usd(20) },
      });
      expect((await d.escrow.job(d.jobId)).status).to.equal(statusCode("Split"));
      expect((await blockTime()) - from < 3n * (DRAW_WINDOW + STAKING_WINDOW) + 60n).to.equal(true);
      await expectWhole(d);
    });
  }

  it("a coordinator that comes back: the next draw takes its word", async () => {
    const court = await courtOfTestCoordinator();
    const d = await newCase(court, "Waiting");
    await court.source.setMode(modes.indexOf("Revert"));
    await requestDraw(d);
    await networkHelpers.time.increase(DRAW_WINDOW);
    await court.source.setMode(modes.indexOf("Answer"));
    await court.source.answerWith(ethers.toBeHex(77, 32));
    await requestDraw(d);
    await court.source.fulfil(d.pool, 1n, [3n]);
    expect((await d.pool.lottery()).seeded).to.equal(false);
    await court.source.fulfil(d.pool, 77n, [3n]);
    await d.pool.draw(d.terms);
    await revealVotes(d, await commitVotes(d, [Vote.Worker, Vote.Worker, Vote.Worker]));
    expect(await phaseOf(d)).to.equal("Appealing");
  });

  it("a caller that gives too little gas can't make the request fail", async () => {
    const court = await courtOfTestCoordinator();
    const d = await newCase(court, "Waiting");
    await networkHelpers.time.increaseTo((await d.pool.caseOf(d.jobId)).until);
    // Just what an honest coordinator's answer takes, and steps below it: the call is whole or not at all.
    for (let gasLimit = 150_000n; gasLimit <= 600_000n; gasLimit += 15_000n) {
      const snapshot = await networkHelpers.takeSnapshot();
      const sent = await d.pool.requestDraw([d.jobId], { gasLimit }).catch(() => undefined);
      if (sent !== undefined) {
        await court.source.fulfil(d.pool, 1n, [3n]);
        expect((await d.pool.lottery()).seeded, `with ${gasLimit} gas`).to.equal(true);
      } else {
        expect(await phaseOf(d)).to.equal("Waiting");
      }
      await snapshot.restore();
    }
  });

  it("a coordinator that calls back inside the request gets nothing done", async () => {
    const court = await courtOfTestCoordinator();
    const { source, pool } = court;
    const d = await newCase(court, "Waiting");
    for (const call of [
      pool.interface.encodeFunctionData("requestDraw", [[d.jobId]]),
      pool.interface.encodeFunctionData("draw", [d.terms]),
      pool.interface.encodeFunctionData("rule", [d.terms]),
      pool.interface.encodeFunctionData("reweigh", [court.jurors[0]!.address]),
    ]) {
      const snapshot = await networkHelpers.takeSnapshot();
      await source.reenterWith(call);
      await networkHelpers.time.increaseTo((await pool.caseOf(d.jobId)).until);
      await expect(pool.requestDraw([d.jobId]))
        .to.emit(source, "Reentered")
        .withArgs(false);
      expect(await phaseOf(d)).to.equal("Drawing");
      await snapshot.restore();
    }
  });
});
