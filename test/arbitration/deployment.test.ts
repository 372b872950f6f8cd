import { expect } from "chai";
import { id } from "ethers";
import { MIN_STAKE, WINDOWS, loadCourt, type Court } from "../support/court.ts";
import { DAY, HOUR, MINUTE, ethers } from "../support/network.ts";
import { usd } from "../support/poolEffects.ts";

interface Parameters {
  minStake?: bigint;
  windows?: Partial<typeof WINDOWS>;
  coordinator?: string;
}

async function deploy(court: Court, { minStake = MIN_STAKE, windows = {}, coordinator }: Parameters) {
  return await ethers.deployContract("ArbitrationPool", [
    await court.escrow.getAddress(),
    minStake,
    { ...WINDOWS, ...windows },
    {
      coordinator: coordinator ?? (await court.coordinator.getAddress()),
      keyHash: id("gas lane"),
      confirmations: 3n,
    },
  ]);
}

describe("deployment of the pool", () => {
  it("refuses to stand without a coordinator", async () => {
    const court = await loadCourt();
    await expect(deploy(court, { coordinator: court.stranger.address }))
      .to.be.revertedWithCustomError(court.pool, "PartyMissing")
      .withArgs("coordinator");
  });

  const outside: { name: string; parameters: Parameters; args: [string, bigint, bigint, bigint] }[] = [
    {
      name: "a least stake below the least bond",
      parameters: { minStake: usd(5) - 1n },
      args: ["minStake", usd(5) - 1n, usd(5), 2n ** 32n - 1n],
    },
    {
      name: "a least stake whose cases would not fit",
      parameters: { minStake: 2n ** 32n },
      args: ["minStake", 2n ** 32n, usd(5), 2n ** 32n - 1n],
    },
    ...(["evidence", "commit", "reveal", "appeal"] as const).flatMap((window) => [
      {
        name: `no ${window} window`,
        parameters: { windows: { [window]: 0n } },
        args: [`${window} window`, 0n, 1n, 2n * DAY] as [string, bigint, bigint, bigint],
      },
      {
        name: `too long a ${window} window`,
        parameters: { windows: { [window]: 2n * DAY + 1n } },
        args: [`${window} window`, 2n * DAY + 1n, 1n, 2n * DAY] as [string, bigint, bigint, bigint],
      },
    ]),
    {
      name: "windows that outlast the escrow's backstop",
      parameters: { windows: { evidence: 2n * DAY, commit: 2n * DAY, reveal: 2n * DAY, appeal: 2n * DAY } },
      args: ["longest case", 2n * DAY + 5n * (2n * (6n * HOUR + 5n * MINUTE) + 4n * DAY) + 8n * DAY, 1n, 29n * DAY],
    },
  ];
  for (const { name, parameters, args } of outside) {
    it(`refuses ${name}`, async () => {
      const court = await loadCourt();
      await expect(deploy(court, parameters))
        .to.be.revertedWithCustomError(court.pool, "ParameterOutOfRange")
        .withArgs(...args);
    });
  }

  const least = { evidence: 1n, commit: 1n, reveal: 1n, appeal: 1n };
  const ends: { name: string; parameters: Parameters }[] = [
    { name: "the least stake and the shortest windows", parameters: { minStake: usd(5), windows: least } },
    { name: "the largest least stake", parameters: { minStake: 2n ** 32n - 1n } },
    ...(["evidence", "commit", "reveal", "appeal"] as const).map((window) => ({
      name: `the longest ${window} window`,
      parameters: { windows: { ...least, [window]: 2n * DAY } },
    })),
    {
      name: "windows that end with the last day before the escrow's backstop",
      parameters: {
        windows: { evidence: 43n * HOUR + 10n * MINUTE, commit: 40n * HOUR, reveal: 40n * HOUR, appeal: 2n * DAY },
      },
    },
  ];
  for (const { name, parameters } of ends) {
    it(`takes ${name}`, async () => {
      const pool = await deploy(await loadCourt(), parameters);
      const { minStake = MIN_STAKE, windows = {} } = parameters;
      expect(await pool.MIN_STAKE()).to.equal(minStake);
      expect(await pool.APPEAL_WINDOW()).to.equal(windows.appeal ?? WINDOWS.appeal);
      expect((await pool.longestCase()) <= 29n * DAY).to.equal(true);
    });
  }

  it("fixes escrow, token, stake, windows and the source of randomness", async () => {
    const { pool, escrow, usdc, coordinator } = await loadCourt();
    expect(await pool.ESCROW()).to.equal(escrow.target);
    expect(await pool.USDC()).to.equal(usdc.target);
    expect(await pool.MIN_STAKE()).to.equal(MIN_STAKE);
    expect(await pool.maxReward()).to.equal(5n * MIN_STAKE);
    expect(await pool.EVIDENCE_WINDOW()).to.equal(WINDOWS.evidence);
    expect(await pool.COMMIT_WINDOW()).to.equal(WINDOWS.commit);
    expect(await pool.REVEAL_WINDOW()).to.equal(WINDOWS.reveal);
    expect(await pool.APPEAL_WINDOW()).to.equal(WINDOWS.appeal);
    expect(await pool.COORDINATOR()).to.equal(coordinator.target);
    expect(await pool.KEY_HASH()).to.equal(id("gas lane"));
    expect(await pool.CONFIRMATIONS()).to.equal(3n);
    const { subOwner, consumers } = await coordinator.getSubscription(await pool.SUBSCRIPTION_ID());
    expect([subOwner, [...consumers]]).to.deep.equal([pool.target, [pool.target]]);
  });

  it("lets a stake go a day after the longest case, which ends before the escrow's backstop", async () => {
    const { pool } = await loadCourt();
    const longest = await pool.longestCase();
    expect(longest).to.equal(2n * HOUR + 5n * (12n * HOUR + 10n * MINUTE + 2n * HOUR) + 48n * HOUR);
    expect(await pool.EXIT_DELAY()).to.equal(longest + DAY);
    expect(longest < 30n * DAY).to.equal(true);
  });

  it("has no function by which anyone could own, pause, upgrade or redirect it", async () => {
    const { pool } = await loadCourt();
    const writing: string[] = [];
    pool.interface.forEachFunction(({ name, constant }) => {
      if (!constant) writing.push(name);
    });
    expect(writing.sort()).to.deep.equal([
      "addEvidence",
      "answer",
      "appeal",
      "collect",
      "commit",
      "denounce",
      "deposit",
      "depositWithAuthorization",
      "draw",
      "multicall",
      "open",
      "rawFulfillRandomWords",
      "requestDraw",
      "retire",
      "reveal",
      "reweigh",
      "rule",
      "setStandingAnswer",
      "stake",
      "tally",
      "unstake",
      "withdraw",
    ]);
  });
});
