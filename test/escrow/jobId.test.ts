import { jobIdOf, type Terms } from "@hireforhumans/protocol";
import { expect } from "chai";
import { getBytes, hexlify, id } from "ethers";
import type { Escrow } from "../../types/ethers-contracts/index.js";
import { bitmapOf, jobAt, statusCode, verdict } from "../support/jobs.ts";
import { ethers } from "../support/network.ts";
import { UNSIGNED } from "../support/signatures.ts";
import { deployEscrow } from "../support/world.ts";

describe("jobId", () => {
  it("is the hash of chain, escrow and terms, as the clients reckon it", async () => {
    const { escrow, terms, chainId } = await jobAt("None");
    expect(await escrow.jobId(terms)).to.equal(jobIdOf(chainId, await escrow.getAddress(), terms));
  });

  it("changes with every term, so that no call on other terms reaches a funded job", async () => {
    const { escrow, terms, jobId, stranger, client } = await jobAt("Submitted");
    for (const [name, value] of Object.entries(terms) as [keyof Terms, string | bigint][]) {
      const other = typeof value === "bigint" ? value + 1n : value.length === 42 ? stranger.address : id(value);
      const changed = { ...terms, [name]: other };
      const otherId = await escrow.jobId(changed);
      expect(otherId, name).not.to.equal(jobId);
      await expect(escrow.connect(client).release(changed, verdict, UNSIGNED), name)
        .to.be.revertedWithCustomError(escrow, "WrongStatus")
        .withArgs(otherId, statusCode("None"), bitmapOf("Submitted", "Approved"));
    }
  });

  it("differs in another escrow", async () => {
    const c = await jobAt("None");
    const { escrow } = await deployEscrow(c, await c.reputation.getAddress());
    expect(await escrow.jobId(c.terms)).not.to.equal(c.jobId);
  });

  it("is of clean terms only: a member with bits outside its type funds nothing", async () => {
    const { escrow, terms, client } = await jobAt("None");
    const calldata = getBytes(escrow.interface.encodeFunctionData("fund", [terms]));
    for (const [index, name] of Object.keys(termTypes(escrow)).entries()) {
      if (termTypes(escrow)[name] === "bytes32") continue;
      const dirty = calldata.slice();
      dirty[4 + 32 * index] = 1;
      await expect(client.sendTransaction({ to: escrow.target, data: hexlify(dirty) }), name).to.revert(ethers);
    }
  });
});

/** The members of `Terms` in their order. */
function termTypes(escrow: Escrow): Record<string, string> {
  const [terms] = escrow.interface.getFunction("fund").inputs;
  return Object.fromEntries((terms?.components ?? []).map(({ name, type }) => [name, type]));
}
