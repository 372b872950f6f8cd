import { wordTypes, type Terms, type WordName } from "@hireforhumans/protocol";
import { expect } from "chai";
import { id, type ContractTransactionResponse } from "ethers";
import { bitmapOf, fieldsOf, jobAt, newJob, statusCode, statuses, type Case, type Job, type Status } from "./jobs.ts";
import { blockTime, nextBlockAt } from "./network.ts";
import { NEVER, digestOf, mirrored, sign, type Fields, type Statement, type Word } from "./signatures.ts";
import { deployAccount, loadWorld } from "./world.ts";

type Sent = Promise<ContractTransactionResponse>;
type Role = keyof Job["by"];

/** Tests that a call, otherwise right, is refused in every status but the allowed ones. */
export function refusesOtherStatuses(allowed: Status[], call: (c: Case) => Sent): void {
  for (const status of statuses.filter((status) => !allowed.includes(status))) {
    it(`refuses a job that is ${status}`, async () => {
      const c = await jobAt(status);
      await expect(call(c))
        .to.be.revertedWithCustomError(c.escrow, "WrongStatus")
        .withArgs(c.jobId, statusCode(status), bitmapOf(...allowed));
    });
  }
}

/** An operation by a signed word. */
export interface SignedOperation {
  word: Word;
  /** Whose word it takes. */
  role: Role;
  /** Where the job stands when the operation is called, and where after. */
  from: Status;
  to: Status;
  terms?: Partial<Terms>;
  /** What the word says, where it isn't the usual of `fieldsOf`. */
  fields?: (job: Job) => Fields;
  /** Whom the refusal names, where it isn't the role. */
  blames?: Role;
  /** Carries the word as the relayer. */
  call: (c: Case, validUntil: bigint, signature: string) => Sent;
}

/** Tests that an operation takes this word of this party on this job, here and in time, and no other. */
export function takesOnlyItsSignature(operation: SignedOperation): void {
  const { word, role, from, to, call, blames = role } = operation;

  async function prepare({ byAccount = false } = {}) {
    const world = await loadWorld();
    const by = byAccount ? { [role]: await deployAccount(world, world[role]) } : {};
    const c: Case = { ...world, ...(await newJob(world, from, operation.terms, by)) };
    const statement = { word, fields: fieldsOf(word, c, operation.fields?.(c)), domain: c.domain };
    return { c, signer: c.by[role], statement };
  }

  async function expectInvalid(c: Case, expected: Statement, sent: Sent): Promise<void> {
    await expect(sent)
      .to.be.revertedWithCustomError(c.escrow, "SignatureInvalid")
      .withArgs(c.by[blames].address, digestOf(expected));
  }

  it("refuses a signature of somebody else", async () => {
    const { c, statement } = await prepare();
    await expectInvalid(c, statement, call(c, NEVER, await sign(c.stranger, statement)));
  });

  for (const { about, change } of [...otherFields(word), ...otherPlaces]) {
    it(`refuses a signature for another ${about}`, async () => {
      const { c, signer, statement } = await prepare();
      await expectInvalid(c, statement, call(c, NEVER, await sign(signer, change(statement))));
    });
  }

  it("refuses the mirrored form of a good signature", async () => {
    const { c, signer, statement } = await prepare();
    await expectInvalid(c, statement, call(c, NEVER, mirrored(await sign(signer, statement))));
  });

  it("refuses a signature a second after its last", async () => {
    const { c, signer, statement } = await prepare();
    const validUntil = (await blockTime()) + 60n;
    const signature = await sign(signer, withField(statement, "validUntil", validUntil));
    await nextBlockAt(validUntil + 1n);
    await expect(call(c, validUntil, signature))
      .to.be.revertedWithCustomError(c.escrow, "SignatureExpired")
      .withArgs(validUntil, validUntil + 1n);
  });

  it("takes a signature in its last second", async () => {
    const { c, signer, statement } = await prepare();
    const validUntil = (await blockTime()) + 60n;
    const signature = await sign(signer, withField(statement, "validUntil", validUntil));
    await nextBlockAt(validUntil);
    await call(c, validUntil, signature);
    expect((await c.escrow.job(c.jobId)).status).to.equal(statusCode(to));
  });

  it("takes the word of an ERC-1271 account, and no other word for it", async () => {
    const { c, signer, statement } = await prepare({ byAccount: true });
    await expectInvalid(c, statement, call(c, NEVER, await sign(c.stranger, statement)));
    await call(c, NEVER, await sign(signer, statement));
    expect((await c.escrow.job(c.jobId)).status).to.equal(statusCode(to));
  });
}

export interface Change {
  about: string;
  change: (statement: Statement) => Statement;
}

/** Each field of a word, changed alone. */
export function otherFields(word: WordName): Change[] {
  return wordTypes[word].map(({ name, type }) => ({
    about: name,
    change: (statement) => withField(statement, name, another(type, statement.fields[name])),
  }));
}

export function withField(statement: Statement, name: string, value: Fields[string]): Statement {
  return { ...statement, fields: { ...statement.fields, [name]: value } };
}

function another(type: string, value: Fields[string] | undefined): Fields[string] {
  if (typeof value === "bigint") return value + 1n;
  if (typeof value === "boolean") return !value;
  return type === "address" ? ELSEWHERE : id("another");
}

const ELSEWHERE = "0x0000000000000000000000000000000000001234";

/** The same word said for another chain, contract, version of the contract, or product. */
export const otherPlaces: Change[] = (
  [
    ["chain", { chainId: 137n }],
    ["contract", { verifyingContract: ELSEWHERE }],
    ["version", { version: "2" }],
    ["product", { name: "Another Product" }],
  ] as const
).map(([about, place]) => ({
  about,
  change: (statement) => ({ ...statement, domain: { ...statement.domain, ...place } }),
}));
