import { ArbitrationPool__factory } from "@hireforhumans/protocol";
import type { ChainNode } from "./node.ts";

/** What the pool was deployed with; it never changes. Amounts in base units, times in seconds. */
export interface PoolRules {
  minStake: bigint;
  maxReward: bigint;
  evidenceWindow: bigint;
  commitWindow: bigint;
  revealWindow: bigint;
  appealWindow: bigint;
  /** Between two draws, for stakes to come and go. */
  stakingWindow: bigint;
  exitDelay: bigint;
}

/** The draw that runs, or the last one. */
export interface Lottery {
  drawId: bigint;
  /** While panels are undrawn: the last second of the draw, chain time; then when it ended. */
  until: bigint;
  undrawn: bigint;
  seeded: boolean;
}

export interface PoolAccount {
  /** Base units. */
  balance: bigint;
  standingAnswer: boolean;
  nonce: bigint;
  juror: { stake: bigint; locked: bigint; weight: bigint; unstakeFrom: bigint };
}

/** Reads of the arbitration pool on the node's newest block. Each throws `ChainUnavailable` when it does not answer. */
export interface PoolReader {
  address: string;
  /** Asked once. */
  rules(): Promise<PoolRules>;
  lottery(): Promise<Lottery>;
  accountOf(owner: string): Promise<PoolAccount>;
}

export function createPoolReader(node: ChainNode, address: string): PoolReader {
  const pool = ArbitrationPool__factory.connect(address, node);
  let known: PoolRules | undefined;

  async function readRules(): Promise<PoolRules> {
    const [minStake, maxReward, evidenceWindow, commitWindow, revealWindow, appealWindow, stakingWindow, exitDelay] =
      await Promise.all([
        pool.MIN_STAKE(),
        pool.maxReward(),
        pool.EVIDENCE_WINDOW(),
        pool.COMMIT_WINDOW(),
        pool.REVEAL_WINDOW(),
        pool.APPEAL_WINDOW(),
        pool.STAKING_WINDOW(),
        pool.EXIT_DELAY(),
      ]);
    return {
      minStake,
      maxReward,
      evidenceWindow,
      commitWindow,
      revealWindow,
      appealWindow,
      stakingWindow,
      exitDelay,
    };
  }

  return {
    address,
    rules: async () => (known ??= await readRules()),
    async lottery() {
      const { drawId, until, undrawn, seeded } = await pool.lottery();
      return { drawId, until, undrawn, seeded };
    },
    async accountOf(owner) {
      const [balance, standingAnswer, nonce, juror] = await Promise.all([
        pool.balance(owner),
        pool.standingAnswer(owner),
        pool.nonces(owner),
        pool.jurorOf(owner),
      ]);
      const { stake, locked, weight, unstakeFrom } = juror;
      return { balance, standingAnswer, nonce, juror: { stake, locked, weight, unstakeFrom } };
    },
  };
}
