import type { PoolWords } from "@hireforhumans/protocol";
import { expect } from "chai";
import type { ContractTransactionResponse, Signer } from "ethers";
import type { ArbitrationPool } from "../../types/ethers-contracts/index.js";
import { otherFields, otherPlaces, withField } from "./behaviours.ts";
import { depositFor, loadCourt, type Court } from "./court.ts";
import { blockTime, nextBlockAt } from "./network.ts";
import { NEVER, UNSIGNED, digestOf, mirrored, sign, type Fields, type Party, type Statement } from "./signatures.ts";
import { deployAccount } from "./world.ts";
import { ONE_USDC } from "@hireforhumans/protocol";

type Sent = Promise<ContractTransactionResponse>;

/** A moment in which somebody's word counts. */
export interface Moment {
  court: Court;
  signer: Party;
  /** What the word says, but `validUntil`. */
  fields: Fields;
  call: (pool: ArbitrationPool, validUntil: bigint, signature: string) => Sent;
}

/** An operation of the pool by a signed word. */
export interface PoolOperation {
  word: Exclude<keyof PoolWords, "VoteSalt">;
  /** The event that tells that it happened. */
  event: string;
  /** Brings a fresh court to the moment; the word is to be given by `by`, or by who usually gives it. */
  prepare: (court: Court, by?: Party) => Promise<Moment>;
  /** Whose key an ERC-1271 account in this part has. */
  owner: (court: Court) => Party & Signer;
  /** The error that a second use of the word meets; none where it may be used again. */
  again?: string;
}

/** An account that has money enough for every part: as client, worker, juror or owner of a balance. */
async function accountInCourt(court: Court, owner: Party): Promise<Party> {
  const account = await deployAccount(court, owner);
  await depositFor(court, account.address, 1_000_000n * ONE_USDC);
  return account;
}

/** Tests that an operation takes this word of this party, here, in time, and once, and no other. */
export function takesOnlyItsPoolWord({ word, event, prepare, owner, again }: PoolOperation): void {
  async function moment({ byAccount = false } = {}) {
    const court = await loadCourt();
    const { signer, fields, call } = await prepare(
      court,
      byAccount ? await accountInCourt(court, owner(court)) : undefined,
    );
    const statement: Statement = { word, fields: { ...fields, validUntil: NEVER }, domain: court.poolDomain };
    return { court, pool: court.pool, signer, statement, call };
  }

  type Prepared = Awaited<ReturnType<typeof moment>>;

  async function expectInvalid({ pool, signer, statement, call }: Prepared, signature: string): Promise<void> {
    await expect(call(pool, NEVER, signature))
      .to.be.revertedWithCustomError(pool, "SignatureInvalid")
      .withArgs(signer.address, digestOf(statement));
  }

  it("refuses an unsigned word for somebody else", async () => {
    const { court, pool, signer, call } = await moment();
    await expect(call(pool.connect(court.stranger), NEVER, UNSIGNED))
      .to.be.revertedWithCustomError(pool, "SenderNotAllowed")
      .withArgs(court.stranger.address, signer.address);
  });

  it("refuses a signature of somebody else", async () => {
    const m = await moment();
    await expectInvalid(m, await sign(m.court.stranger, m.statement));
  });

  for (const { about, change } of [...otherFields(word), ...otherPlaces]) {
    it(`refuses a signature for another ${about}`, async () => {
      const m = await moment();
      await expectInvalid(m, await sign(m.signer, change(m.statement)));
    });
  }

  it("refuses the mirrored form of a good signature", async () => {
    const m = await moment();
    await expectInvalid(m, mirrored(await sign(m.signer, m.statement)));
  });

  it("refuses a signature a second after its last", async () => {
    const { pool, signer, statement, call } = await moment();
    const validUntil = (await blockTime()) + 60n;
    const signature = await sign(signer, withField(statement, "validUntil", validUntil));
    await nextBlockAt(validUntil + 1n);
    await expect(call(pool, validUntil, signature))
      .to.be.revertedWithCustomError(pool, "SignatureExpired")
      .withArgs(validUntil, validUntil + 1n);
  });

  it("takes a signature in its last second", async () => {
    const { pool, signer, statement, call } = await moment();
    const validUntil = (await blockTime()) + 60n;
    const signature = await sign(signer, withField(statement, "validUntil", validUntil));
    await nextBlockAt(validUntil);
    await expect(call(pool, validUntil, signature)).to.emit(pool, event);
  });

  it("takes the party's own call, unsigned", async () => {
    const { court, pool, call } = await moment();
    await expect(call(pool.connect(owner(court)), 0n, UNSIGNED)).to.emit(pool, event);
  });

  if (again !== undefined) {
    it("refuses a signature that was used", async () => {
      const { pool, signer, statement, call } = await moment();
      const signature = await sign(signer, statement);
      await call(pool, NEVER, signature);
      await expect(call(pool, NEVER, signature)).to.be.revertedWithCustomError(pool, again);
    });
  }

  it("takes the word of an ERC-1271 account, and no other word for it", async () => {
    const m = await moment({ byAccount: true });
    await expectInvalid(m, await sign(m.court.stranger, m.statement));
    await expect(m.call(m.pool, NEVER, await sign(m.signer, m.statement))).to.emit(m.pool, event);
  });
}
