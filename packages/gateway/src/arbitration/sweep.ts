import { parseTerms } from "@hireforhumans/protocol";
import { type Selectable, sql } from "kysely";
import type { PoolReader, PoolRules } from "../chain/pool-reader.ts";
import type { Context, Trx } from "../context.ts";
import type { Schema } from "../database/schema.ts";
import { enqueueStep } from "./carry.ts";
import type { CaseState, PanelState } from "./case-state.ts";
import { type PoolCall, commitCall, drawCall, requestDrawCall, revealCall, ruleCall, tallyCall } from "./intents.ts";
import { phaseAt } from "./phase.ts";

const batchSize = 100;

/** Votes wait for the others of their panel until a sixth of the window, or two minutes, are left. */
const LAST_PART_OF_WINDOW = 6n;
const LAST_SECONDS = 120n;

interface Court {
  pool: PoolReader;
  rules: PoolRules;
  /** Chain time. */
  now: bigint;
}

interface OpenCase {
  job_id: string;
  chain_job_id: string;
  chain_status: string | null;
  terms: Parameters<typeof parseTerms>[0];
  state: CaseState;
}

/**
 * Moves every open case on that is due: asks for randomness (once for all that wait), draws, carries collected votes,
 * counts, and rules. Anyone could send the same calls. Chain times are compared with the followed head's timestamp.
 * @returns how many steps it asked for
 */
export async function sweepCases(ctx: Context): Promise<number> {
  const { pool } = ctx.chain;
  if (pool === undefined) return 0;
  const court: Court = { pool, rules: await pool.rules(), now: ctx.chain.head().timestampSeconds };
  return (await sweepDraws(ctx, court)) + (await sweepSteps(ctx, court));
}

/** One request for randomness serves all cases that wait; the pool takes none while another draw runs. */
async function sweepDraws(ctx: Context, { pool, rules, now }: Court): Promise<number> {
  const due = await ctx.db
    .selectFrom("cases")
    .innerJoin("jobs", "jobs.id", "cases.job_id")
    .select("jobs.chain_job_id")
    .where("cases.phase", "in", ["waiting", "drawing"])
    .where("cases.until_seconds", "<", now)
    .where("jobs.chain_status", "=", "disputed")
    .where("cases.ended_at", "is", null)
    .orderBy("jobs.chain_job_id")
    .limit(batchSize)
    .execute();
  if (due.length === 0) return 0;
  const { drawId, until } = await pool.lottery();
  if (now <= until + rules.stakingWindow) return 0;
  const call = requestDrawCall(
    pool.address,
    due.map(({ chain_job_id }) => chain_job_id),
  );
  const asked = await ctx.db.transaction().execute((trx) => enqueueStep(ctx, trx, `requestDraw:${drawId + 1n}`, call));
  return asked === undefined ? 0 : 1;
}

/** Looks at every case that could be due, a batch to a transaction: panels that vote are, whenever a vote comes in. */
async function sweepSteps(ctx: Context, court: Court): Promise<number> {
  let [asked, after, more] = [0, "", true];
  while (more) {
    const batch = await sweepBatch(ctx, court, after);
    asked += batch.asked;
    after = batch.last;
    more = batch.size === batchSize;
  }
  return asked;
}

async function sweepBatch(ctx: Context, court: Court, after: string) {
  return ctx.db.transaction().execute(async (trx) => {
    const { rows } = await sql<OpenCase>`
      select c.job_id, j.chain_job_id, j.chain_status, j.terms, c.state from cases c join jobs j on j.id = c.job_id
      where c.ended_at is null and c.job_id > ${after} and (
        j.ended_at is not null
        or (c.phase in ('answering', 'appealing') and c.until_seconds < ${court.now})
        or c.phase in ('committing', 'revealing', 'undecided')
        or (c.phase = 'drawing' and c.until_seconds >= ${court.now} and exists (
          select 1 from chain_events e where e.name = 'Seeded' and e.address = ${court.pool.address}
            and e.args ->> 'drawId' = c.draw_id::text))
      )
      order by c.job_id
      limit ${batchSize}
      for update of j skip locked
    `.execute(trx);
    let asked = 0;
    for (const row of rows) {
      const step = await stepOf(trx, court, row);
      const intentId = step && (await enqueueStep(ctx, trx, step.key, step.call, row.job_id));
      if (intentId === undefined) continue;
      await step?.store?.(intentId);
      asked += 1;
    }
    return { asked, size: rows.length, last: rows.at(-1)?.job_id ?? after };
  });
}

interface Step {
  key: string;
  call: PoolCall;
  /** What is stored of the intent that was made of it. */
  store?: (intentId: string) => Promise<unknown>;
}

async function stepOf(trx: Trx, court: Court, row: OpenCase): Promise<Step | undefined> {
  const { pool, rules, now } = court;
  const { state, job_id, chain_job_id } = row;
  const terms = parseTerms(row.terms);
  const rule: Step = { key: `rule:${job_id}`, call: ruleCall(pool.address, terms) };
  // The escrow's backstop was faster; the pool still has to give bonds and stakes back.
  if (row.chain_status !== "disputed") return rule;
  const { phase, until } = phaseAt(state, rules, now);
  const index = state.panels.length - 1;
  const panel = state.panels[index];
  if (phase === "answering" || phase === "appealing" || phase === "undecided") return rule;
  if (phase === "drawing") {
    return { key: `draw:${job_id}:${state.drawId ?? ""}`, call: drawCall(pool.address, terms) };
  }
  if (panel === undefined || until === null) return undefined;
  const voting = { row, index, panel, until };
  if (phase === "committing") return commitStep(trx, court, voting);
  if (phase !== "revealing") return undefined;
  // Where nobody has committed there is nothing to wait for.
  if (now > until || panel.committed.length === 0) {
    return { key: `tally:${job_id}:${index}`, call: tallyCall(pool.address, chain_job_id) };
  }
  return revealStep(trx, court, voting);
}

/** The panel that votes now, and its window's last second. */
interface Voting {
  row: OpenCase;
  index: number;
  panel: PanelState;
  until: bigint;
}

/** A vote that jurors handed in, and whether a transaction that was to carry it failed. */
interface Collected {
  seat: number;
  failed: boolean;
}

/**
 * Which votes to carry now. They wait for each other, since one transaction for three costs less than three; what the
 * others don't keep up with goes alone when the window nears its end. A vote whose transaction failed goes alone, so that
 * it can't hold up others again.
 */
function batchOf<V extends Collected>(votes: V[], expected: number, until: bigint, window: bigint, now: bigint): V[] {
  const again = votes.find(({ failed }) => failed);
  if (again !== undefined) return [again];
  const part = window / LAST_PART_OF_WINDOW;
  const late = now + (part > LAST_SECONDS ? part : LAST_SECONDS) >= until;
  return votes.length >= expected || late ? votes : [];
}

async function commitStep(trx: Trx, court: Court, voting: Voting): Promise<Step | undefined> {
  const { row, index, panel, until } = voting;
  const { pool, rules, now } = court;
  const missing = panel.seats.flatMap(({ juror, commitment }, seat) => (commitment === null ? [{ seat, juror }] : []));
  const words = (await collectedOf(trx, "commitments", row.job_id, index)).filter(
    (word) =>
      word.valid_until_seconds >= now && missing.some((one) => one.seat === word.seat && one.juror === word.juror),
  );
  const batch = batchOf(words, missing.length, until, rules.commitWindow, now);
  if (batch.length === 0) return undefined;
  const sealed = batch.map(({ seat, commitment, valid_until_seconds, signature }) => ({
    seat: BigInt(seat),
    commitment,
    validUntil: valid_until_seconds,
    signature,
  }));
  return {
    key: `commit:${row.job_id}:${index}:${seatsOf(batch)}`,
    call: commitCall(pool.address, row.chain_job_id, sealed),
    store: (intentId) => markCarried(trx, "commitments", voting, batch, intentId),
  };
}

async function revealStep(trx: Trx, court: Court, voting: Voting): Promise<Step | undefined> {
  const { row, index, panel, until } = voting;
  const { pool, rules, now } = court;
  const sealed = panel.seats.flatMap(({ juror, commitment, vote, denounced }, seat) =>
    commitment !== null && vote === null && !denounced ? [{ seat, juror }] : [],
  );
  const opened = (await collectedOf(trx, "openings", row.job_id, index)).filter((opening) =>
    sealed.some((one) => one.seat === opening.seat && one.juror === opening.juror),
  );
  const batch = batchOf(opened, sealed.length, until, rules.revealWindow, now);
  if (batch.length === 0) return undefined;
  const commitments = panel.committed.map((seat) => ({
    seat: BigInt(seat),
    commitment: panel.seats[seat]?.commitment ?? "",
  }));
  const openings = batch.map(({ seat, vote, salt }) => ({ seat: BigInt(seat), vote: BigInt(vote), salt }));
  return {
    key: `reveal:${row.job_id}:${index}:${seatsOf(batch)}`,
    call: revealCall(pool.address, row.chain_job_id, commitments, openings),
    store: (intentId) => markCarried(trx, "openings", voting, batch, intentId),
  };
}

const seatsOf = (votes: readonly Collected[]): string => votes.map(({ seat }) => seat).join(",");

/** Votes of a panel that no transaction carries; those that one failed to carry are among them. */
async function collectedOf<T extends "commitments" | "openings">(trx: Trx, table: T, jobId: string, panel: number) {
  const { rows } = await sql<Selectable<Schema[T]> & Collected>`
    select votes.*, carried_by is not null as failed
    from ${sql.table(table)} votes left join intents on intents.id = carried_by
    where votes.job_id = ${jobId} and panel = ${panel} and (carried_by is null or intents.failure is not null)
    order by seat
  `.execute(trx);
  return rows;
}

async function markCarried(
  trx: Trx,
  table: "commitments" | "openings",
  { row, index }: Voting,
  votes: readonly { juror: string }[],
  intentId: string,
): Promise<void> {
  const jurors = votes.map(({ juror }) => juror);
  await sql`
    update ${sql.table(table)} set carried_by = ${intentId}
    where job_id = ${row.job_id} and panel = ${index} and juror = any (${jurors})
  `.execute(trx);
}
