import { expect } from "chai";
import { DRAW_WINDOW, drawPanel, fulfil, loadCourt, requestDraw, type Court } from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { ethers, networkHelpers, nextBlockAt } from "../support/network.ts";
import { caseAt } from "../support/phases.ts";

/** The coordinator's own voice: it answers requests that its stand-in would not. */
async function asCoordinator({ pool, coordinator }: Court) {
  const address = await coordinator.getAddress();
  await networkHelpers.impersonateAccount(address);
  await networkHelpers.setBalance(address, 10n ** 18n);
  return pool.connect(await ethers.getSigner(address));
}

describe("rawFulfillRandomWords", () => {
  it("refuses everyone but the coordinator", async () => {
    const { pool, stranger, coordinator } = await caseAt("Drawing");
    await expect(pool.connect(stranger).rawFulfillRandomWords(1n, [7n]))
      .to.be.revertedWithCustomError(pool, "SenderNotAllowed")
      .withArgs(stranger.address, coordinator.target);
  });

  it("keeps the seed of the request that is open", async () => {
    const d = await caseAt("Drawing");
    const pool = await asCoordinator(d);
    const { until } = await pool.lottery();
    await nextBlockAt(until);
    await expectEvents(d.pool, pool.rawFulfillRandomWords(1n, [7n]), [["Seeded", 1n, 7n]]);
    expect([...(await pool.lottery())]).to.deep.equal([1n, until, 1n, true]);
  });

  it("needs less gas than the coordinator is asked to give, also for the first seed", async () => {
    const d = await caseAt("Drawing");
    const pool = await asCoordinator(d);
    const gas = await pool.rawFulfillRandomWords.estimateGas(1n, [2n ** 256n - 1n]);
    expect(gas - 21_000n < 100_000n).to.equal(true);
  });

  const unheard: { title: string; prepare: (d: Awaited<ReturnType<typeof caseAt>>) => Promise<bigint> }[] = [
    { title: "of another request", prepare: () => Promise.resolve(2n) },
    {
      title: "that is the second",
      prepare: async (d) => {
        await fulfil(d, 1n);
        return 1n;
      },
    },
    {
      title: "that comes a second after the draw's window",
      prepare: async (d) => {
        await nextBlockAt((await d.pool.lottery()).until + 1n);
        return 1n;
      },
    },
    {
      title: "that comes when all panels are drawn",
      prepare: async (d) => {
        await fulfil(d, 1n);
        await d.pool.draw(d.terms);
        return 1n;
      },
    },
    {
      title: "to an earlier draw that it missed",
      prepare: async (d) => {
        await networkHelpers.time.increase(DRAW_WINDOW);
        await requestDraw(d);
        return 1n;
      },
    },
  ];
  for (const { title, prepare } of unheard) {
    it(`does not hear an answer ${title}`, async () => {
      const d = await caseAt("Drawing");
      const pool = await asCoordinator(d);
      const requestId = await prepare(d);
      const before = await pool.lottery();
      await expectEvents(d.pool, pool.rawFulfillRandomWords(requestId, [9n]), []);
      expect([...(await pool.lottery())]).to.deep.equal([...before]);
    });
  }

  it("draws by the seed of its own draw only", async () => {
    const d = await caseAt("Drawing");
    await networkHelpers.time.increase(DRAW_WINDOW);
    await drawPanel(d, 5n);
    const late = (await d.pool.panelOf(d.jobId, 0n)).map(({ juror }) => juror);
    const e = await caseAt("Waiting");
    await drawPanel(e, 5n);
    // The same seed, case and panel give the same jurors, however often a draw failed before.
    expect(late).to.deep.equal((await e.pool.panelOf(e.jobId, 0n)).map(({ juror }) => juror));
  });

  it("is of no use before anything was requested", async () => {
    const court = await loadCourt();
    const pool = await asCoordinator(court);
    await expectEvents(court.pool, pool.rawFulfillRandomWords(0n, [9n]), []);
  });
});
