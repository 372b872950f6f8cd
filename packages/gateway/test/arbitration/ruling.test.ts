import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { engines } from "../support/database.ts";
import { type Court, startCourt } from "./court.ts";

describe.each(engines)("a wrong verdict is undone by jurors (%s)", (engine) => {
  let court: Court;
  beforeAll(async () => {
    court = await startCourt(engine);
  }, 60_000);
  afterAll(() => court.stop());

  it("pays the worker, the jurors of the majority, and takes from the one who was wrong", async () => {
    const { ada, agent, stack } = court;
    const { job } = await court.answered();
    const worked = await stack.usdcOf(ada.address);
    const drawn = await court.drawn(job.job_id);
    expect(drawn.panels[0]?.seats).toHaveLength(3);
    await court.vote(job.job_id, ["worker", "client", "worker"]);
    await court.passPhase(await court.inPhase(job.job_id, "appealing"));
    const ruled = await court.inPhase(job.job_id, "ruled");
    await court.reached(job.job_id, "paid");
    expect(await stack.usdcOf(ada.address)).toBe(worked + BigInt(job.terms.reward));
    // 12 USDC of reward: the bond is the least, 5 USDC. A wrong vote loses three quarters, a good one wins a quarter.
    expect(ruled).toMatchObject({ winner: "worker", worker_share_bps: 10_000, fees: "2.50", burned: "0.00" });
    const [wrong] = ruled.payments.filter(({ slashed }) => slashed !== "0.00");
    expect(wrong).toEqual({ address: court.jurorAt(drawn, 1).address, rewarded: "0.00", slashed: "3.75" });
    expect((await ada.api.arbitration.account()).balance).toBe("502.50");
    expect((await agent.arbitration.account()).balance).toBe("495.00");

    const { api } = court.jurorAt(drawn, 0);
    await api.arbitration.collect();
    await expect.poll(async () => (await api.arbitration.account()).balance, { timeout: 10_000 }).toBe("3.125");
    // What was done before must not stand for what is asked now.
    const again = () =>
      api.arbitration.collect().then(
        () => "carried",
        (error: unknown) => (error as { code: string }).code,
      );
    await expect.poll(again, { timeout: 10_000 }).toBe("nothing_to_collect");
    expect(ruled.parties.client).toEqual({ address: devAccounts.client.address, bonded: "5.00" });
  }, 60_000);
});
