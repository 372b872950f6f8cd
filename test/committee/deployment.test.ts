import { sortMembers } from "@hireforhumans/protocol";
import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import CommitteeModule from "../../ignition/modules/VerifierCommittee.ts";
import type { VerifierCommittee } from "../../types/ethers-contracts/index.js";
import { keyHolders } from "../support/committee.ts";
import { ethers } from "../support/network.ts";

const [a, b, c] = keyHolders(3).map(({ address }) => address) as [string, string, string];

describe("the deployment of a committee", () => {
  /** As the deployment's failure names it, since there is no contract to ask. */
  async function expectRefused(threshold: bigint, members: string[], error: string, args: unknown[]): Promise<void> {
    const factory = await ethers.getContractFactory("VerifierCommittee");
    await expect(factory.deploy(threshold, members))
      .to.be.revertedWithCustomError(factory, error)
      .withArgs(...args);
  }

  it("refuses a threshold of none", async () => {
    await expectRefused(0n, [a, b, c], "ThresholdOutOfRange", [0n, 1n, 3n]);
  });

  it("refuses a threshold that all members together can't reach", async () => {
    await expectRefused(4n, [a, b, c], "ThresholdOutOfRange", [4n, 1n, 3n]);
  });

  it("refuses to have no members", async () => {
    await expectRefused(1n, [], "ThresholdOutOfRange", [1n, 1n, 0n]);
    await expectRefused(0n, [], "ThresholdOutOfRange", [0n, 1n, 0n]);
  });

  it("refuses the zero address", async () => {
    await expectRefused(1n, [ZeroAddress, a], "MemberOutOfOrder", [0n, ZeroAddress, ZeroAddress]);
    await expectRefused(1n, [a, ZeroAddress], "MemberOutOfOrder", [1n, ZeroAddress, a]);
  });

  it("refuses one member twice", async () => {
    await expectRefused(2n, [a, a], "MemberOutOfOrder", [1n, a, a]);
    await expectRefused(2n, [a, b, a], "MemberOutOfOrder", [2n, a, b]);
  });

  it("refuses members that are not in ascending order", async () => {
    await expectRefused(2n, [a, c, b], "MemberOutOfOrder", [2n, b, c]);
  });

  it("keeps threshold and members, and has no successor", async () => {
    const committee = await ethers.deployContract("VerifierCommittee", [2n, [a, b, c]]);
    expect(await committee.threshold()).to.equal(2n);
    expect(await committee.members()).to.deep.equal([a, b, c]);
    expect(await committee.successor()).to.equal(ZeroAddress);
  });

  it("is Ignition's, by threshold and members", async () => {
    const { ignition } = await network.create();
    const parameters = { VerifierCommittee: { threshold: 2, members: sortMembers([c, a, b]) } };
    const deployed = await ignition.deploy(CommitteeModule, { parameters });
    const committee = deployed.committee as unknown as VerifierCommittee;
    expect(await committee.threshold()).to.equal(2n);
    expect(await committee.members()).to.deep.equal([a, b, c]);
  });
});
