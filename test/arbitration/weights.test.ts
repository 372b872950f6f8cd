import { Vote, panelSizes } from "@hireforhumans/protocol";
import { expect } from "chai";
import { AbiCoder, Wallet, id, keccak256 } from "ethers";
import fc from "fast-check";
import {
  MIN_STAKE,
  answerCase,
  appealCase,
  commitVotes,
  depositFor,
  fulfil,
  loadCourt,
  requestDraw,
  revealVotes,
  signedForPool,
  stakeByWord,
  type Court,
  type Dispute,
} from "../support/court.ts";
import { networkHelpers } from "../support/network.ts";
import { newCase } from "../support/phases.ts";
import { usd } from "../support/poolEffects.ts";
import { NEVER, type Party } from "../support/signatures.ts";

const abi = AbiCoder.defaultAbiCoder();

/** What the tree should hold: who has which place on the line, and how much of it. */
class Line {
  readonly places: { juror: string; weight: bigint }[];
  readonly #free: number[] = [];

  constructor(jurors: { address: string }[]) {
    this.places = jurors.map(({ address }) => ({ juror: address, weight: 100n }));
  }

  join(juror: string, weight: bigint): void {
    const place = this.#free.pop() ?? this.places.length;
    this.places[place] = { juror, weight };
  }

  reweigh(juror: string, weight: bigint): void {
    this.places.find((place) => place.juror === juror)!.weight = weight;
  }

  leave(juror: string): void {
    const place = this.places.findIndex((one) => one.juror === juror);
    this.places[place] = { juror: "", weight: 0n };
    this.#free.push(place);
  }

  total(): bigint {
    return this.places.reduce((sum, { weight }) => sum + weight, 0n);
  }

  /** Draws without putting back: each time a point on what is left of the line. */
  draw(seats: number, seed: bigint, jobId: string, panel: bigint): string[] {
    const own = keccak256(abi.encode(["uint256", "bytes32", "uint256"], [seed, jobId, panel]));
    const left = this.places.filter(({ weight }) => weight > 0n);
    return Array.from({ length: seats }, (_, nonce) => {
      const length = left.reduce((sum, { weight }) => sum + weight, 0n);
      let point = BigInt(keccak256(abi.encode(["bytes32", "uint256"], [own, nonce]))) % length;
      const taken = left.findIndex(({ weight }) => {
        if (point < weight) return true;
        point -= weight;
        return false;
      });
      return left.splice(taken, 1)[0]!.juror;
    });
  }
}

async function seated(d: Dispute): Promise<string[]> {
  const { panels } = await d.pool.caseOf(d.jobId);
  return (await d.pool.panelOf(d.jobId, panels - 1n)).map(({ juror }) => juror);
}

const wallets: Party[] = Array.from({ length: 60 }, (_, index) => new Wallet(id(`juror ${index}`)));

async function retireByWord(court: Court, juror: Party): Promise<void> {
  const { address } = juror;
  const nonce = await court.pool.nonces(address);
  const signature = await signedForPool(court, juror, "Retire", { juror: address, nonce });
  await court.pool.retire(address, NEVER, signature);
}

describe("the draw by weight", () => {
  it("finds each juror where the line has it, after any joining, adding, retiring and leaving", async () => {
    const change = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant("join" as const), usdc: fc.integer({ min: 100, max: 5_000 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("add" as const),
          who: fc.nat(),
          usdc: fc.integer({ min: 1, max: 900 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("retire" as const), who: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), who: fc.nat() }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 25 }),
        fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
        async (changes, seed) => {
          const court = await loadCourt();
          const { pool } = court;
          const line = new Line(court.jurors);
          const [fresh, active, retired] = [[...wallets], [] as Party[], [] as Party[]];
          for (const one of changes) {
            const from = one.kind === "join" ? fresh : one.kind === "leave" ? retired : active;
            const juror = one.kind === "join" ? from[0] : from[one.who % from.length];
            if (juror === undefined) continue;
            if (one.kind === "join") {
              await stakeByWord(court, juror, usd(one.usdc));
              line.join(juror.address, BigInt(one.usdc));
              active.push(...fresh.splice(0, 1));
            } else if (one.kind === "add") {
              await stakeByWord(court, juror, usd(one.usdc));
              line.reweigh(juror.address, (await pool.jurorOf(juror.address)).stake / usd(1));
            } else if (one.kind === "retire") {
              await retireByWord(court, juror);
              line.reweigh(juror.address, 0n);
              retired.push(...active.splice(active.indexOf(juror), 1));
            } else {
              await networkHelpers.time.increase(await pool.EXIT_DELAY());
              await pool.unstake(juror.address);
              line.leave(juror.address);
              fresh.push(...retired.splice(retired.indexOf(juror), 1));
            }
            expect(await pool.totalWeight()).to.equal(line.total());
          }
          const d = await newCase(court, "Drawing");
          await fulfil(d, seed);
          await pool.draw(d.terms);
          expect(await seated(d)).to.deep.equal(line.draw(3, seed, d.jobId, 0n));
        },
      ),
      { numRuns: 20, seed: 20_260_101 },
    );
  });

  for (const jurors of [8, 9, 64, 65, 80]) {
    it(`draws 3, 7 and 15 of ${jurors} jurors whose stakes differ a thousandfold`, async () => {
      const court = await loadCourt();
      const line = new Line(court.jurors);
      for (const [index, wallet] of wallets.slice(0, Math.max(0, jurors - 20)).entries()) {
        const usdc = 100 * 10 ** (index % 4);
        await stakeByWord(court, wallet, usd(usdc));
        line.join(wallet.address, BigInt(usdc));
      }
      for (const juror of court.jurors.slice(jurors)) {
        await retireByWord(court, juror);
        line.reweigh(juror.address, 0n);
      }
      const d = await newCase(court, "Waiting", { reward: usd(25) });
      const all = [...court.jurors, ...wallets];
      for (const [panel, seats] of panelSizes.filter((size) => size <= jurors).entries()) {
        const round = BigInt(panel);
        if (round > 0n) {
          await appealCase(d, "client", round);
          await answerCase(d, "worker", round);
        }
        await requestDraw(d);
        await fulfil(d, BigInt(jurors));
        await d.pool.draw(d.terms);
        const drawn = await seated(d);
        expect(drawn).to.deep.equal(line.draw(seats, BigInt(jurors), d.jobId, round));
        const voters = { ...d, jurors: all as Court["jurors"] };
        const votes = drawn.map(() => Vote.Worker);
        await revealVotes(voters, await commitVotes(voters, votes));
      }
    });
  }

  it("gives a juror the share of seats that its stake is of all stakes", async () => {
    const court = await loadCourt();
    const half = wallets[0]!;
    await stakeByWord(court, half, 20n * MIN_STAKE);
    const line = new Line(court.jurors);
    line.join(half.address, 2_000n);
    const d = await newCase(court, "Drawing");
    const snapshot = await networkHelpers.takeSnapshot();
    const draws = 400;
    let firsts = 0;
    for (let seed = 0n; seed < BigInt(draws); ++seed) {
      await fulfil(d, seed);
      await d.pool.draw(d.terms);
      const drawn = await seated(d);
      expect(drawn).to.deep.equal(line.draw(3, seed, d.jobId, 0n));
      if (drawn[0] === half.address) ++firsts;
      await snapshot.restore();
    }
    // Half of 400, give or take five standard deviations of 10.
    expect(firsts).to.be.within(150, 250);
  });

  it("gives a place that was left to the next who joins, with nothing of who was there", async () => {
    const court = await loadCourt();
    const [first, second] = wallets as [Party, Party];
    await stakeByWord(court, first, usd(5_000));
    await retireByWord(court, first);
    await networkHelpers.time.increase(await court.pool.EXIT_DELAY());
    await court.pool.unstake(first.address);
    await stakeByWord(court, second, usd(300));
    await depositFor(court, first.address, MIN_STAKE);
    expect([...(await court.pool.jurorOf(first.address))]).to.deep.equal([0n, 0n, 0n, 0n]);
    expect([...(await court.pool.jurorOf(second.address))]).to.deep.equal([usd(300), 0n, 300n, 0n]);
    expect(await court.pool.totalWeight()).to.equal(2_300n);
  });
});
