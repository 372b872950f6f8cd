import { type Phase, phases, type Vote } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "../chain/context.ts";
import { readPool } from "./send.ts";

/** What an account has in the pool; amounts in base units. */
export interface PoolAccount {
  balance: bigint;
  standingAnswer: boolean;
  /** All zero where it is no juror. `unstakeFrom` is zero until it retires, then chain time. */
  juror: { stake: bigint; locked: bigint; weight: bigint; unstakeFrom: bigint };
}

/** @param parameters.owner the signer when left out */
export async function account(context: ChainContext, { owner }: { owner?: string } = {}): Promise<PoolAccount> {
  const address = owner ?? (await signerOf(context).getAddress());
  const { pool } = context;
  const [balance, standingAnswer, juror] = await readPool(
    "account",
    Promise.all([pool.balance(address), pool.standingAnswer(address), pool.jurorOf(address)]),
  );
  const { stake, locked, weight, unstakeFrom } = juror;
  return { balance, standingAnswer, juror: { stake, locked, weight, unstakeFrom } };
}

export interface CaseOnChain {
  /** `None`: there is no case, or it has ended. A commit window that went by shows as `Committing` still. */
  phase: Phase;
  round: bigint;
  redraws: bigint;
  panels: bigint;
  /** The side that stands to win. */
  standing: Vote;
  /** The last second (chain time) of the phase. */
  until: bigint;
  worker: string;
}

export async function caseOf(context: ChainContext, { jobId }: { jobId: string }): Promise<CaseOnChain> {
  const found = await readPool("caseOf", context.pool.caseOf(jobId));
  const { round, redraws, panels, standing, until, worker } = found;
  const phase = phases[Number(found.phase)] ?? "None";
  return { phase, round, redraws, panels, standing: standing as Vote, until, worker };
}

export interface SeatOnChain {
  juror: string;
  vote: Vote;
  committed: boolean;
  denounced: boolean;
}

/** The seats of a panel of a case that runs, in order. */
export async function panelOf(
  context: ChainContext,
  { jobId, panel }: { jobId: string; panel: bigint },
): Promise<SeatOnChain[]> {
  const seats = await readPool("panelOf", context.pool.panelOf(jobId, panel));
  return seats.map(({ juror, vote, committed, denounced }) => ({ juror, vote: vote as Vote, committed, denounced }));
}

/** The draw that runs, or the last one; `until` in chain time. */
export async function lottery(
  context: ChainContext,
): Promise<{ drawId: bigint; until: bigint; undrawn: bigint; seeded: boolean }> {
  const { drawId, until, undrawn, seeded } = await readPool("lottery", context.pool.lottery());
  return { drawId, until, undrawn, seeded };
}
