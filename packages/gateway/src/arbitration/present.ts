import {
  type Case,
  type CaseDocument,
  type CaseSummary,
  type Panel,
  type Side,
  bondOf,
  formatUsdc,
} from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import type { JobRow } from "../jobs/find.ts";
import { presentEvidence, presentVerdict, selectEvidence } from "../jobs/present.ts";
import { requirePool } from "./carry.ts";
import type { CaseState } from "./case-state.ts";
import type { FoundCase } from "./find.ts";
import { phaseAt } from "./phase.ts";

/** Everything about a case on one page. */
export async function presentCase(ctx: Context, found: FoundCase): Promise<Case> {
  const { job, row, you, address } = found;
  const { state } = row;
  const pool = requirePool(ctx);
  const now = ctx.chain.head().timestampSeconds;
  const { phase, until } = phaseAt(state, await pool.rules(), now);
  const [{ packet }, documents, evidence, verdict, committed] = await Promise.all([
    ctx.db.selectFrom("jobs").select("packet").where("id", "=", job.id).executeTakeFirstOrThrow(),
    ctx.db.selectFrom("case_documents").selectAll().where("job_id", "=", job.id).execute(),
    selectEvidence(ctx.db)
      .where("job_id", "=", job.id)
      .where("round", "=", job.round)
      .where("worker_id", "=", job.worker_id ?? "")
      .execute(),
    ctx.db
      .selectFrom("verdicts")
      .selectAll()
      .where("job_id", "=", job.id)
      .orderBy("created_at", "desc")
      .executeTakeFirst(),
    ctx.db.selectFrom("commitments").select(["panel", "seat", "juror"]).where("job_id", "=", job.id).execute(),
  ]);
  const bodyOf = (kind: "statement" | "evidence", hash: string) =>
    documents.find((document) => document.kind === kind && document.hash === hash)?.body ?? null;
  const panels = panelsOf(state, committed);
  const nextRound = nextRoundOf(state);
  return {
    job_id: job.id,
    chain_job_id: job.chain_job_id,
    chain_id: Number(ctx.chain.deployment.chainId),
    escrow: ctx.chain.deployment.escrow,
    arbitration_pool: pool.address,
    terms: job.terms,
    you,
    phase,
    until: until === null ? null : Number(until),
    chain_time: Number(now),
    backstop_until: phase === "ruled" ? null : state.backstopUntil,
    round: state.round,
    next_round: nextRound,
    next_bond: formatUsdc(bondOf(job.reward) << BigInt(nextRound)),
    redraws: state.redraws,
    disputant: state.disputant,
    standing: state.standing,
    parties: {
      client: { address: job.terms.client, bonded: usdc(state.bonded.client) },
      worker: { address: state.worker, bonded: usdc(state.bonded.worker) },
    },
    statement: {
      by: state.disputant,
      body: bodyOf("statement", state.statementHash) as string | null,
      statement_hash: state.statementHash,
    },
    evidence_added: state.evidence.map(({ by, hash }) => ({
      by,
      document: bodyOf("evidence", hash) as CaseDocument | null,
      evidence_hash: hash,
    })),
    packet,
    evidence: evidence.map(presentEvidence),
    verdict: verdict === undefined ? null : presentVerdict(verdict, job),
    panels,
    your_seat: seatOf(state, address),
    ...endOf(state),
    payments: Object.entries(state.payments).map(([account, { rewarded, slashed }]) => ({
      address: account,
      rewarded: usdc(rewarded),
      slashed: usdc(slashed),
    })),
    opened_at: row.opened_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
  };
}

/** A juror's cases at a glance, by job. */
export async function presentSummaries(
  ctx: Context,
  jobs: readonly JobRow[],
  juror: string,
): Promise<Map<string, CaseSummary>> {
  if (jobs.length === 0) return new Map();
  const ids = jobs.map(({ id }) => id);
  const now = ctx.chain.head().timestampSeconds;
  const [rules, cases, committed, opened] = await Promise.all([
    requirePool(ctx).rules(),
    ctx.db.selectFrom("cases").select(["job_id", "state"]).where("job_id", "in", ids).execute(),
    ctx.db
      .selectFrom("commitments")
      .select(["job_id", "panel"])
      .where("job_id", "in", ids)
      .where("juror", "=", juror)
      .execute(),
    ctx.db
      .selectFrom("openings")
      .select(["job_id", "panel"])
      .where("job_id", "in", ids)
      .where("juror", "=", juror)
      .execute(),
  ]);
  const chainIds = new Map(jobs.map(({ id, chain_job_id }) => [id, chain_job_id]));
  return new Map(
    cases.map(({ job_id, state }) => {
      const { phase, until } = phaseAt(state, rules, now);
      const panel = state.panels.length - 1;
      const seat = seatOf(state, juror);
      const onChain = seat === null ? undefined : state.panels[panel]?.seats[seat];
      const isMine = (row: { job_id: string; panel: number }) => row.job_id === job_id && row.panel === panel;
      return [
        job_id,
        {
          job_id,
          chain_job_id: chainIds.get(job_id) ?? "",
          phase,
          until: until === null ? null : Number(until),
          round: state.round,
          panels: state.panels.length,
          your_seat: seat,
          you_committed: onChain !== undefined && (onChain.commitment !== null || committed.some(isMine)),
          you_revealed: onChain !== undefined && (onChain.vote !== null || opened.some(isMine)),
        },
      ];
    }),
  );
}

/** A juror's place on the last panel. */
export function seatOf({ panels }: CaseState, address: string): number | null {
  const seat = panels.at(-1)?.seats.findIndex(({ juror }) => juror === address) ?? -1;
  return seat === -1 ? null : seat;
}

/** The round that an answer or an appeal funds. */
export function nextRoundOf({ panels, round }: CaseState): number {
  return panels.length === 0 ? 0 : round + 1;
}

/** A commitment counts from when we have it: its word is given and will be carried. */
function panelsOf(state: CaseState, stored: readonly { panel: number; seat: number; juror: string }[]): Panel[] {
  return state.panels.map(({ round, seats, outcome }, panel) => ({
    panel,
    round,
    seats: seats.map(({ juror, commitment, vote, denounced }, seat) => ({
      seat,
      juror,
      committed:
        commitment !== null ||
        stored.some((word) => word.panel === panel && word.seat === seat && word.juror === juror),
      commitment,
      vote,
      denounced,
    })),
    outcome,
  }));
}

interface CaseEnd {
  winner: Side | "split" | null;
  worker_share_bps: number | null;
  fees: string | null;
  burned: string | null;
  ruling_transaction_hash: string | null;
}

function endOf({ ruling }: CaseState): CaseEnd {
  return {
    winner: ruling?.winner ?? null,
    worker_share_bps: ruling?.workerShareBps ?? null,
    fees: ruling === null ? null : usdc(ruling.fees),
    burned: ruling === null ? null : usdc(ruling.burned),
    ruling_transaction_hash: ruling?.transactionHash ?? null,
  };
}

const usdc = (units: string): string => formatUsdc(BigInt(units));
