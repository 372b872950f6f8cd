import { AbiCoder, encodeBytes32String, id, keccak256, ZeroAddress } from "ethers";
import { describe, expect, it } from "vitest";
import {
  domainOf,
  escrowInterface,
  jobIdOf,
  parseTerms,
  publicJobIdOf,
  reputationOf,
  saltOf,
  type Terms,
  termsToJson,
  WAD,
  wadOf,
} from "@hireforhumans/protocol";

const PUBLIC_ID = "job_01jd3v8q6ze5fr8wq1m4t7x2yk";
const ESCROW = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

const terms: Terms = {
  client: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  worker: ZeroAddress,
  matcher: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
  verifier: "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
  arbiter: ZeroAddress,
  reward: 15_000_000n,
  minReputation: wadOf(0.6),
  backstopShareBps: 7_000n,
  deadline: 1_767_225_600n,
  workWindow: 1_800n,
  verifyWindow: 600n,
  reviewWindow: 0n,
  domain: domainOf("customer_support"),
  specHash: id("packet"),
  salt: saltOf(PUBLIC_ID),
};

describe("jobIdOf", () => {
  it("is keccak256(abi.encode(chain, escrow, terms)) by the struct of the compiled contract", () => {
    const [tuple] = escrowInterface.getFunction("jobId").inputs;
    const encoded = AbiCoder.defaultAbiCoder().encode(["uint256", "address", tuple!], [137, ESCROW, terms]);
    expect(jobIdOf(137, ESCROW, terms)).toBe(keccak256(encoded));
  });

  it("differs for every member of the terms, for the chain and for the escrow", () => {
    const changed = (Object.entries(terms) as [string, string | bigint][]).map(([name, value]): Terms => {
      const other = typeof value === "bigint" ? value + 1n : value.length === 66 ? id(name) : ESCROW;
      return { ...terms, [name]: other };
    });
    const ids = [
      jobIdOf(137, ESCROW, terms),
      jobIdOf(80_002, ESCROW, terms),
      jobIdOf(137, terms.client, terms),
      ...changed.map((each) => jobIdOf(137, ESCROW, each)),
    ];
    expect(new Set(ids).size).toBe(Object.keys(terms).length + 3);
  });
});

describe("salt", () => {
  it("carries the public job id, so that a database can be rebuilt from the chain", () => {
    expect(publicJobIdOf(saltOf(PUBLIC_ID))).toBe(PUBLIC_ID);
  });

  it.each([id("random bytes"), `0x${"00".repeat(32)}`, encodeBytes32String("job_short"), encodeBytes32String("x")])(
    "of another maker carries none: %s",
    (salt) => {
      expect(publicJobIdOf(salt)).toBeUndefined();
    },
  );
});

describe("terms as JSON", () => {
  it("come back the same, and so does their hash", () => {
    const json: unknown = JSON.parse(JSON.stringify(termsToJson(terms)));
    expect(parseTerms(json)).toEqual(terms);
  });

  it("are refused when an amount is a float or a member is missing", () => {
    const json = termsToJson(terms);
    expect(() => parseTerms({ ...json, reward: "15.00" })).toThrow();
    expect(() => parseTerms({ ...json, reward: 15 })).toThrow();
    expect(() => parseTerms({ ...json, salt: undefined })).toThrow();
  });
});

describe("reputation in WAD", () => {
  it.each([
    [0, 0n],
    [0.5, WAD / 2n],
    [0.9, (WAD * 9n) / 10n],
    [1, WAD],
  ])("%d is %s", (reputation, wad) => {
    expect(wadOf(reputation)).toBe(wad);
    expect(reputationOf(wad)).toBe(reputation);
  });

  it("is rounded down for display, so that nobody seems to pass a bar that the chain holds up", () => {
    expect(reputationOf(WAD - 1n)).toBe(0.9999);
  });

  it.each([-0.1, 1.1, NaN])("%d is refused", (reputation) => {
    expect(() => wadOf(reputation)).toThrow(RangeError);
  });
});
