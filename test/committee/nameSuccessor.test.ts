import { committeeDomain, hashWord, signWord } from "@hireforhumans/protocol";
import { expect } from "chai";
import { ZeroAddress, type ContractTransactionResponse, type TypedDataDomain, type Wallet } from "ethers";
import { deployCommittee, keyHolders, type Committee } from "../support/committee.ts";
import { expectBalanceChanges } from "../support/effects.ts";
import { fieldsOf, newJob, signed, verdict } from "../support/jobs.ts";
import { blockTime, nextBlockAt } from "../support/network.ts";
import { NEVER, UNSIGNED, digestOf, type Party } from "../support/signatures.ts";
import { REWARD } from "../support/terms.ts";
import { loadWorld, type World } from "../support/world.ts";

const [ann, ben, cal, dan] = keyHolders(4) as [Wallet, Wallet, Wallet, Wallet];

interface Case {
  world: World;
  /** A 2 of 3 without a successor. */
  committee: Committee;
  /** Another 2 of 3, of which two are the same. */
  next: Committee;
}

async function prepare(): Promise<Case> {
  const world = await loadWorld();
  return {
    world,
    committee: await deployCommittee(2, [ann, ben, cal]),
    next: await deployCommittee(2, [ann, ben, dan]),
  };
}

interface Said {
  signers?: Party[];
  successor?: string;
  validUntil?: bigint;
  place?: TypedDataDomain;
}

/** The word of two members, for `next` and for ever where nothing else is said. */
async function word({ world, committee, next }: Case, said: Said = {}): Promise<string> {
  const { signers = [ann, ben], successor = next.address, validUntil = NEVER, place = {} } = said;
  const domain = { ...committeeDomain(world.chainId, committee.address), ...place };
  const signer = { signTypedData: committee.signedBy(signers) };
  return await signWord(signer, domain, "NameSuccessor", { successor, validUntil });
}

type Sent = Promise<ContractTransactionResponse>;

function carry({ world, committee, next }: Case, signature: string, { successor, validUntil }: Said = {}): Sent {
  const asStranger = committee.contract.connect(world.stranger);
  return asStranger.nameSuccessor(successor ?? next.address, validUntil ?? NEVER, signature);
}

async function expectInvalid(c: Case, signature: string): Promise<void> {
  const { world, committee, next } = c;
  const domain = committeeDomain(world.chainId, committee.address);
  const digest = hashWord(domain, "NameSuccessor", { successor: next.address, validUntil: NEVER });
  await expect(carry(c, signature))
    .to.be.revertedWithCustomError(committee.contract, "SignatureInvalid")
    .withArgs(committee.address, digest);
}

describe("nameSuccessor", () => {
  it("refuses no word, one member's, and bytes that are none", async () => {
    const c = await prepare();
    for (const signature of [UNSIGNED, "0x00", await word(c, { signers: [ann] })]) await expectInvalid(c, signature);
  });

  it("refuses a word for another successor, time, chain, committee, version or product", async () => {
    const c = await prepare();
    await expectInvalid(c, await word(c, { successor: c.world.stranger.address }));
    await expectInvalid(c, await word(c, { validUntil: NEVER - 1n }));
    const places = [{ chainId: 137n }, { verifyingContract: c.next.address }, { version: "2" }, { name: "Another" }];
    for (const place of places) await expectInvalid(c, await word(c, { place }));
  });

  it("refuses the word of the very same members for their other committee", async () => {
    const c = await prepare();
    const twin = await deployCommittee(2, [ann, ben, c.world.stranger]);
    await expectInvalid(c, await word({ ...c, committee: twin }));
    await expectInvalid(c, await word(c, { place: { verifyingContract: twin.address } }));
  });

  it("refuses a successor without code, and the committee itself", async () => {
    const c = await prepare();
    for (const successor of [ZeroAddress, c.world.stranger.address, c.committee.address]) {
      await expect(carry(c, await word(c, { successor }), { successor }))
        .to.be.revertedWithCustomError(c.committee.contract, "SuccessorNotAllowed")
        .withArgs(successor);
    }
  });

  it("refuses a word a second after its last", async () => {
    const c = await prepare();
    const validUntil = (await blockTime()) + 60n;
    const signature = await word(c, { validUntil });
    await nextBlockAt(validUntil + 1n);
    await expect(carry(c, signature, { validUntil }))
      .to.be.revertedWithCustomError(c.committee.contract, "SignatureExpired")
      .withArgs(validUntil, validUntil + 1n);
  });

  it("takes a word in its last second", async () => {
    const c = await prepare();
    const validUntil = (await blockTime()) + 60n;
    const signature = await word(c, { validUntil });
    await nextBlockAt(validUntil);
    await carry(c, signature, { validUntil });
    expect(await c.committee.contract.successor()).to.equal(c.next.address);
  });

  it("names it by the word of enough members, whoever carries it, and tells", async () => {
    const c = await prepare();
    await expect(carry(c, await word(c)))
      .to.emit(c.committee.contract, "SuccessorNamed")
      .withArgs(c.next.address);
    expect(await c.committee.contract.successor()).to.equal(c.next.address);
  });

  it("names one once: neither another after it nor the same again", async () => {
    const c = await prepare();
    const third = await deployCommittee(1, [ann]);
    await carry(c, await word(c));
    for (const successor of [third.address, c.next.address]) {
      await expect(carry(c, await word(c, { successor }), { successor }))
        .to.be.revertedWithCustomError(c.committee.contract, "SuccessorAlreadyNamed")
        .withArgs(c.next.address);
    }
  });

  it("changes nothing for a funded job: its own committee passes it, and the successor can't", async () => {
    const c = await prepare();
    const { world, committee, next } = c;
    const job = { ...world, ...(await newJob(world, "Submitted", {}, { verifier: committee })) };
    await carry(c, await word(c));

    const digest = digestOf({ word: "Verdict", fields: fieldsOf("Verdict", job), domain: world.domain });
    await expect(world.escrow.release(job.terms, verdict, await signed(job, next, "Verdict")))
      .to.be.revertedWithCustomError(world.escrow, "SignatureInvalid")
      .withArgs(committee.address, digest);
    const sent = world.escrow.release(job.terms, verdict, await signed(job, committee, "Verdict"));
    await expectBalanceChanges(world, sent, { worker: REWARD, escrow: -REWARD });
  });
});
