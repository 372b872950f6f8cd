import { Vote, commitmentOf } from "@hireforhumans/protocol";
import { expect } from "chai";
import { id } from "ethers";
import {
  answerCase,
  commitVotes,
  fulfil,
  jobInCourt,
  loadCourt,
  openCase,
  panelOf,
  requestDraw,
  signedForPool,
  stakeByWord,
  type Court,
  type Dispute,
} from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { HOUR, blockTime, nextBlockAt } from "../support/network.ts";
import { caseAt, caseAtSecondPanel, newCase, phaseCode, refusesOtherPhases } from "../support/phases.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { takesOnlyItsPoolWord } from "../support/poolWords.ts";
import { NEVER, UNSIGNED, digestOf, type Party } from "../support/signatures.ts";
import { deployAccount } from "../support/world.ts";

const COMMITMENT = id("a commitment");

interface SignedCommitment {
  seat: bigint;
  commitment: string;
  validUntil: bigint;
  signature: string;
}

async function wordOf(d: Dispute, juror: Party, seat: bigint, commitment = COMMITMENT): Promise<SignedCommitment> {
  const panel = (await d.pool.caseOf(d.jobId)).panels - 1n;
  const signature = await signedForPool(d, juror, "Commit", { jobId: d.jobId, panel, seat, commitment });
  return { seat, commitment, validUntil: NEVER, signature };
}

/** A case whose first panel has these jurors on it, by the weight of their stakes. */
async function caseJudgedBy(court: Court, jurors: Party[]): Promise<Dispute> {
  for (const juror of jurors) await stakeByWord(court, juror, usd(1_000_000));
  const d = await jobInCourt(court, "Rejected");
  await openCase(d);
  await answerCase(d);
  await requestDraw(d);
  await fulfil(d, 1n);
  await d.pool.draw(d.terms);
  return d;
}

async function seatOf(d: Dispute, { address }: Party): Promise<bigint> {
  const seats = await d.pool.panelOf(d.jobId, 0n);
  return BigInt(seats.findIndex(({ juror }) => juror === address));
}

describe("commit", () => {
  refusesOtherPhases(["Committing"], async (d) => d.pool.commit(d.jobId, []));

  takesOnlyItsPoolWord({
    word: "Commit",
    event: "Committed",
    again: "AlreadyCommitted",
    owner: ({ otherWorker }) => otherWorker,
    prepare: async (court, by = court.otherWorker) => {
      const d = await caseJudgedBy(court, [by]);
      const seat = await seatOf(d, by);
      return {
        court,
        signer: by,
        fields: { jobId: d.jobId, panel: 0n, seat, commitment: COMMITMENT },
        call: async (pool, validUntil, signature) =>
          pool.commit(d.jobId, [{ seat, commitment: COMMITMENT, validUntil, signature }]),
      };
    },
  });

  it("refuses a commitment a second after the window", async () => {
    const d = await caseAt("Committing");
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until + 1n);
    await expect(d.pool.commit(d.jobId, []))
      .to.be.revertedWithCustomError(d.pool, "TooLate")
      .withArgs(d.jobId, until + 1n, until);
  });

  it("refuses a seat that the panel has not", async () => {
    const d = await caseAt("Committing");
    const [juror] = await panelOf(d);
    const word = await wordOf(d, juror!, 3n);
    await expect(d.pool.commit(d.jobId, [word]))
      .to.be.revertedWithCustomError(d.pool, "SeatOutOfRange")
      .withArgs(d.jobId, 3n, 2n);
  });

  it("refuses a juror who takes another's seat", async () => {
    const d = await caseAt("Committing");
    const [first, second] = await panelOf(d);
    const word = await wordOf(d, first!, 1n);
    const fields = { jobId: d.jobId, panel: 0n, seat: 1n, commitment: COMMITMENT, validUntil: NEVER };
    await expect(d.pool.commit(d.jobId, [word]))
      .to.be.revertedWithCustomError(d.pool, "SignatureInvalid")
      .withArgs(second!.address, digestOf({ word: "Commit", fields, domain: d.poolDomain }));
  });

  it("refuses a second commitment of a seat, also in one call", async () => {
    const d = await caseAt("Committing");
    const [juror] = await panelOf(d);
    const word = await wordOf(d, juror!, 0n);
    await expect(d.pool.commit(d.jobId, [word, await wordOf(d, juror!, 0n, id("another"))]))
      .to.be.revertedWithCustomError(d.pool, "AlreadyCommitted")
      .withArgs(d.jobId, 0n);
  });

  it("refuses to carry the word of one account to another of the same key", async () => {
    const court = await loadCourt();
    const accounts = [await deployAccount(court, court.stranger), await deployAccount(court, court.stranger)] as const;
    const d = await caseJudgedBy(court, [...accounts]);
    const [first, second] = [await seatOf(d, accounts[0]), await seatOf(d, accounts[1])];
    const word = await wordOf(d, accounts[0], first);
    await expect(d.pool.commit(d.jobId, [{ ...word, seat: second }])).to.be.revertedWithCustomError(
      d.pool,
      "SignatureInvalid",
    );
    await d.pool.commit(d.jobId, [word, await wordOf(d, accounts[1], second)]);
  });

  it("refuses a word for another case of the same juror", async () => {
    const d = await caseAt("Committing");
    const other = await newCase(d, "Committing", { salt: id("other") });
    const juror = (await panelOf(d)).find((one) => other.jurors.includes(one))!;
    const seats = await other.pool.panelOf(other.jobId, 0n);
    const seat = BigInt(
      Math.max(
        0,
        seats.findIndex((one) => one.juror === juror.address),
      ),
    );
    await expect(d.pool.commit(other.jobId, [await wordOf(d, juror, seat)])).to.be.revertedWithCustomError(
      d.pool,
      "SignatureInvalid",
    );
  });

  it("tells each commitment, and goes on committing while one is missing", async () => {
    const d = await caseAtSecondPanel();
    const [first, second, third] = await panelOf(d);
    const { until } = await d.pool.caseOf(d.jobId);
    const sent = d.pool.commit(d.jobId, [await wordOf(d, third!, 2n), await wordOf(d, first!, 0n)]);
    await expectEvents(d.pool, sent, [
      ["Committed", d.jobId, 1n, third!.address, 2n, COMMITMENT],
      ["Committed", d.jobId, 1n, first!.address, 0n, COMMITMENT],
    ]);
    await expectMoves(d, sent, {});
    const current = await d.pool.caseOf(d.jobId);
    expect([current.phase, current.until]).to.deep.equal([phaseCode("Committing"), until]);
    expect((await d.pool.panelOf(d.jobId, 1n)).map((seat) => [...seat])).to.deep.equal([
      [first!.address, Vote.None, true, false],
      [second!.address, Vote.None, false, false],
      [third!.address, Vote.None, true, false],
    ]);
  });

  it("begins to reveal when the last has committed, in the window's last second too", async () => {
    const d = await caseAt("Committing");
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until);
    await commitVotes(d, [Vote.Client, Vote.Client, Vote.Client]);
    const current = await d.pool.caseOf(d.jobId);
    expect(await blockTime()).to.equal(until);
    expect([current.phase, current.until]).to.deep.equal([phaseCode("Revealing"), until + HOUR]);
  });

  it("takes a juror's own call", async () => {
    const d = await caseAt("Committing");
    const [juror] = await panelOf(d);
    const word = { seat: 0n, commitment: COMMITMENT, validUntil: 0n, signature: UNSIGNED };
    await expect(d.pool.connect(juror).commit(d.jobId, [word])).to.emit(d.pool, "Committed");
  });

  it("hides a vote by what commitmentOf says on chain and off", async () => {
    const d = await caseAt("Committing");
    const ballot = { chainId: d.chainId, pool: await d.pool.getAddress(), jobId: d.jobId, panel: 3n, seat: 14n };
    expect(await d.pool.commitmentOf(d.jobId, 3n, 14n, Vote.Unclear, id("salt"))).to.equal(
      commitmentOf(ballot, Vote.Unclear, id("salt")),
    );
  });
});
