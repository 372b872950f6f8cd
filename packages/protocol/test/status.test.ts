import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { CHAIN_STATUSES, chainStatusOf, JOB_STATUSES, statusesOfBitmap } from "@hireforhumans/protocol";

describe("statuses", () => {
  it("have the numbers of the contract's enum", async () => {
    const source = await readFile(new URL("../../../contracts/escrow/IEscrow.sol", import.meta.url), "utf8");
    const members = /enum Status \{([^}]*)\}/.exec(source)?.[1] ?? "";
    expect(CHAIN_STATUSES).toEqual(members.split(",").map((member) => member.trim().toLowerCase()));
    expect(chainStatusOf(7n)).toBe("paid");
    expect(() => chainStatusOf(10)).toThrow("The escrow has no status 10.");
  });

  it("are on the wire by the same names, beside the two that the chain does not know", () => {
    expect(JOB_STATUSES).toEqual(["funding", ...CHAIN_STATUSES.slice(1), "failed"]);
  });

  it("are read from the bitmap of a WrongStatus", () => {
    expect(statusesOfBitmap((1n << 1n) | (1n << 5n))).toEqual(["open", "rejected"]);
  });
});
