import { jobIdOf, type Terms } from "@hireforhumans/protocol";
import { expect } from "chai";
import { id } from "ethers";
import { jobAt } from "../support/jobs.ts";
import { deployEscrow } from "../support/world.ts";

describe("jobId", () => {
  it("is the hash of chain, escrow and terms, as the clients reckon it", async () => {
    const { escrow, terms, chainId } = await jobAt("None");
    expect(await escrow.jobId(terms)).to.equal(jobIdOf(chainId, await escrow.getAddress(), terms));
  });

  it("changes with every term", async () => {
    const { escrow, terms, stranger } = await jobAt("None");
    for (const [name, value] of Object.entries(terms) as [keyof Terms, string | bigint][]) {
      const other = typeof value === "bigint" ? value + 1n : value.length === 42 ? stranger.address : id(value);
      expect(await escrow.jobId({ ...terms, [name]: other }), name).not.to.equal(await escrow.jobId(terms));
    }
  });

  it("differs in another escrow", async () => {
    const c = await jobAt("None");
    const { escrow } = await deployEscrow(c, await c.reputation.getAddress());
    expect(await escrow.jobId(c.terms)).not.to.equal(c.jobId);
  });
});
