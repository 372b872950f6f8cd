import { expect } from "chai";
import { Vote } from "@hireforhumans/protocol";
import { answerCase, bondOfCase, jobInCourt, loadCourt, openCase, passWindow, vote } from "../support/court.ts";
import { statusCode } from "../support/jobs.ts";

describe("rule of the arbitration pool", () => {
  it("pays the worker that a panel decided for, and its jurors", async () => {
    const d = await jobInCourt(await loadCourt(), "Rejected");
    const bond = bondOfCase(d);
    const before = await d.pool.balance(d.by.worker.address);
    await openCase(d);
    await answerCase(d);
    await vote(d, [Vote.Worker, Vote.Worker, Vote.Client]);
    await passWindow(d);
    await d.pool.rule(d.terms);
    expect((await d.escrow.job(d.jobId)).status).to.equal(statusCode("Paid"));
    expect((await d.pool.balance(d.by.worker.address)) - before).to.equal(bond - (bond / 4n) * 2n);
  });
});
