import {
  ApiError,
  type Case,
  type Commit,
  type Reveal,
  Vote,
  commitmentOf,
  poolDomain,
  wordTypes,
} from "@hireforhumans/protocol";
import type { Context, Trx } from "../context.ts";
import type { WorkerCaller } from "../http/caller.ts";
import { requirePool } from "./carry.ts";
import type { SeatState } from "./case-state.ts";
import { type FoundCase, caseOf } from "./find.ts";
import { type PhaseNow, phaseAt } from "./phase.ts";
import { presentCase, seatOf } from "./present.ts";

/** What comes later than this before a window's end may not be mined inside it any more. */
const MARGIN_SECONDS = 15n;

/**
 * Takes a juror's sealed vote; the sweep carries it, with the others of its panel. The same again gives the same answer.
 * @throws ApiError not_found, wrong_phase, too_late, already_committed, signature_expired, signature_invalid
 */
export async function commitVote(ctx: Context, caller: WorkerCaller, jobId: string, body: Commit): Promise<Case> {
  const found = await caseOf(ctx.db, caller, jobId);
  const { index, seat } = requireSeat(found, body.panel);
  if (seat.commitment !== body.commitment) {
    if (seat.commitment !== null) throw alreadyCommitted(index);
    requireInTime(ctx, found, await phaseOf(ctx, found), "committing");
    await requireCommitWord(ctx, found, index, body);
    await ctx.db.transaction().execute((trx) => storeCommitment(trx, found, index, body));
  }
  return presentCase(ctx, await caseOf(ctx.db, caller, jobId));
}

async function storeCommitment(trx: Trx, { job, address }: FoundCase, seat: number, body: Commit): Promise<void> {
  const word = {
    seat,
    commitment: body.commitment,
    valid_until_seconds: BigInt(body.valid_until),
    signature: body.signature,
  };
  const kept = await trx
    .insertInto("commitments")
    .values({ job_id: job.id, panel: body.panel, juror: address, ...word })
    .onConflict((conflict) =>
      conflict
        .columns(["job_id", "panel", "juror"])
        // Only what was meant for another seat (the branch of that draw is gone) or is the same vote gives way.
        .doUpdateSet(word)
        .where((where) =>
          where.or([where("commitments.seat", "<>", seat), where("commitments.commitment", "=", body.commitment)]),
        ),
    )
    .returning("seat")
    .executeTakeFirst();
  if (kept === undefined) throw alreadyCommitted(seat);
}

/**
 * Takes an opened vote, once its panel reveals: nobody can commit any more then. Before that it is refused and kept
 * nowhere.
 * @throws ApiError not_found, wrong_phase, too_early, too_late, not_committed, opening_invalid
 */
export async function revealVote(ctx: Context, caller: WorkerCaller, jobId: string, body: Reveal): Promise<Case> {
  const found = await caseOf(ctx.db, caller, jobId);
  const { job, address } = found;
  requireInTime(ctx, found, await phaseOf(ctx, found), "revealing");
  const { index, seat } = requireSeat(found, body.panel);
  if (seat.commitment === null) {
    throw new ApiError("not_committed", `The chain has no sealed vote of your seat ${index} on panel ${body.panel}.`);
  }
  const vote = { client: Vote.Client, worker: Vote.Worker, unclear: Vote.Unclear }[body.vote];
  const { chainId } = ctx.chain.deployment;
  const where = { chainId, pool: requirePool(ctx).address, jobId: job.chain_job_id };
  const ballot = { ...where, panel: BigInt(body.panel), seat: BigInt(index) };
  if (commitmentOf(ballot, vote, body.salt) !== seat.commitment) {
    const detail = `This vote and salt do not make ${seat.commitment}, which your seat ${index} has committed.`;
    throw new ApiError("opening_invalid", detail, { param: "salt" });
  }
  const opening = { seat: index, vote: Number(vote), salt: body.salt };
  await ctx.db
    .insertInto("openings")
    .values({ job_id: job.id, panel: body.panel, juror: address, ...opening })
    .onConflict((conflict) => conflict.columns(["job_id", "panel", "juror"]).doUpdateSet(opening))
    .execute();
  return presentCase(ctx, await caseOf(ctx.db, caller, jobId));
}

const alreadyCommitted = (seat: number): ApiError =>
  new ApiError("already_committed", `Your seat ${seat} has committed another vote, which can't be exchanged.`);

/** The caller's seat on the panel that votes. */
function requireSeat({ row, address }: FoundCase, panel: number): { index: number; seat: SeatState } {
  const voting = row.state.panels.length - 1;
  if (panel !== voting) {
    const detail = voting < 0 ? "No panel is drawn yet." : `Panel ${voting} votes now, not ${panel}.`;
    throw new ApiError("wrong_phase", detail, { param: "panel" });
  }
  const index = seatOf(row.state, address);
  const seat = index === null ? undefined : row.state.panels[voting]?.seats[index];
  if (index !== null && seat !== undefined) return { index, seat };
  throw new ApiError("not_found", `You have no seat on panel ${panel} of this case.`, { param: "id" });
}

async function phaseOf(ctx: Context, { row }: FoundCase): Promise<PhaseNow> {
  return phaseAt(row.state, await requirePool(ctx).rules(), ctx.chain.head().timestampSeconds);
}

function requireInTime(ctx: Context, { job }: FoundCase, now: PhaseNow, phase: "committing" | "revealing"): void {
  if (now.phase !== phase) {
    const early = phase === "revealing" && now.phase === "committing";
    throw early
      ? new ApiError(
          "too_early",
          `The panel of ${job.id} still commits, until ${now.until} at the latest. Keep your vote secret.`,
        )
      : new ApiError("wrong_phase", `The case of ${job.id} is ${now.phase}; it would have to be ${phase}.`);
  }
  const time = ctx.chain.head().timestampSeconds;
  if (now.until !== null && time + MARGIN_SECONDS > now.until) {
    throw new ApiError("too_late", `The window ends at ${now.until}; the chain's time is ${time}.`);
  }
}

async function requireCommitWord(ctx: Context, { job, address }: FoundCase, seat: number, body: Commit): Promise<void> {
  const time = ctx.chain.head().timestampSeconds;
  const { chainId } = ctx.chain.deployment;
  const pool = requirePool(ctx).address;
  const word = {
    jobId: job.chain_job_id,
    panel: BigInt(body.panel),
    seat: BigInt(seat),
    commitment: body.commitment,
    validUntil: BigInt(body.valid_until),
  };
  if (word.validUntil <= time + MARGIN_SECONDS) {
    throw new ApiError(
      "signature_expired",
      `The signature may be used until ${body.valid_until}; the chain's time is ${time} and carrying it takes a moment.`,
      { param: "valid_until" },
    );
  }
  const types = { Commit: wordTypes.Commit };
  if (await ctx.chain.verifyTypedData(address, poolDomain(chainId, pool), types, word, body.signature)) return;
  throw new ApiError(
    "signature_invalid",
    `The signature is not ${address}'s over EIP-712 Commit for chain ${chainId} and arbitration pool ${pool}.`,
    { param: "signature" },
  );
}
