import { expect } from "chai";
import { expectBalanceChanges, expectCredit } from "../support/effects.ts";
import { statusCode, type Case } from "../support/jobs.ts";
import { beforeOutcome, outcomes, type Outcome } from "../support/outcomes.ts";
import { expectReputation } from "../support/reputation.ts";
import { loadWorld } from "../support/world.ts";

type Receiver = "worker" | "client" | "treasury";
type Sent = ReturnType<Outcome["call"]>;

async function creditedIn(c: Case, sent: Sent): Promise<Record<string, bigint>> {
  const events = await c.escrow.queryFilter(c.escrow.filters.Credited(), (await sent).blockNumber ?? undefined);
  return Object.fromEntries(events.map(({ args }) => [args.owner, args.amount]));
}

/** Asserts that all went as ever, but that these receivers got a credit instead of USDC. */
async function expectCredits(c: Case, outcome: Outcome, sent: Sent, blocked: Receiver[]): Promise<void> {
  const due = { worker: outcome.worker, client: outcome.client };
  const paid = {
    worker: blocked.includes("worker") ? 0n : due.worker,
    client: blocked.includes("client") ? 0n : due.client,
  };
  await expectBalanceChanges(c, sent, { ...paid, escrow: -paid.worker - paid.client });

  const credited: Record<string, bigint> = {};
  for (const receiver of ["worker", "client"] as const) {
    const amount = due[receiver] - paid[receiver];
    if (amount > 0n) credited[c[receiver].address] = amount;
    await expectCredit(c, c[receiver], amount);
  }
  expect(await creditedIn(c, sent)).to.deep.equal(credited);
  await expectCredit(c, c.treasury, outcome.fee);
  expect((await c.escrow.job(c.jobId)).status).to.equal(statusCode(outcome.to));
  await expectReputation(c, c.worker, outcome.recorded ?? {});
}

/** Asserts that every credit comes out, and that nothing of a job that ended stays behind. */
async function expectWithdrawn(c: Case, outcome: Outcome, receivers: Receiver[]): Promise<void> {
  const due = { worker: outcome.worker, client: outcome.client, treasury: outcome.fee };
  for (const receiver of receivers.filter((receiver) => due[receiver] > 0n)) {
    const sent = c.escrow.withdraw(c[receiver].address);
    await expectBalanceChanges(c, sent, { [receiver]: due[receiver], escrow: -due[receiver] });
  }
  expect(await c.usdc.balanceOf(await c.escrow.getAddress())).to.equal(0n);
}

describe("a receiver that USDC blocks", () => {
  for (const outcome of outcomes.filter(({ to }) => to !== "Open")) {
    for (const blocked of ["worker", "client", "treasury"] as const) {
      it(`does not hold up the ${outcome.name}: ${blocked}`, async () => {
        const c = await beforeOutcome(await loadWorld(), outcome);
        await c.usdc.blacklist(c[blocked].address);
        await expectCredits(c, outcome, outcome.call(c), [blocked]);
        await c.usdc.unBlacklist(c[blocked].address);
        await expectWithdrawn(c, outcome, [blocked, ...(blocked === "treasury" ? [] : (["treasury"] as const))]);
      });
    }

    it(`does not hold up the ${outcome.name}: the escrow itself`, async () => {
      const c = await beforeOutcome(await loadWorld(), outcome);
      const escrow = await c.escrow.getAddress();
      await c.usdc.blacklist(escrow);
      await expectCredits(c, outcome, outcome.call(c), ["worker", "client"]);
      await c.usdc.unBlacklist(escrow);
      await expectWithdrawn(c, outcome, ["worker", "client", "treasury"]);
    });

    it(`does not hold up the ${outcome.name}: everybody, while USDC is paused`, async () => {
      const c = await beforeOutcome(await loadWorld(), outcome);
      await c.usdc.pause();
      await expectCredits(c, outcome, outcome.call(c), ["worker", "client"]);
      await c.usdc.unpause();
      await expectWithdrawn(c, outcome, ["worker", "client", "treasury"]);
    });
  }
});
