import type { Context } from "../context.ts";
import { idAfter, pageOf } from "../http/pagination.ts";
import { type ServedRoute, serve } from "../http/route.ts";
import { jobColumns } from "../jobs/find.ts";
import { carryAccountWord, carryDeposit, carryForJuror, presentAccount } from "./accounts.ts";
import { carryBonded } from "./bonds.ts";
import { requirePool, wordOf } from "./carry.ts";
import { disputeJob } from "./dispute.ts";
import { addEvidence } from "./documents.ts";
import { caseOf } from "./find.ts";
import { retireCall, setStandingAnswerCall, stakeCall, withdrawCall } from "./intents.ts";
import { presentCase, presentSummaries } from "./present.ts";
import { commitVote, revealVote } from "./votes.ts";

/** Disputes, their cases, and accounts in the arbitration pool. A case is there for its parties and drawn jurors only. */
export function arbitrationRoutes(ctx: Context): ServedRoute[] {
  return [
    serve("disputeJob", ({ caller, params, body }) => disputeJob(ctx, caller, params.id, body)),
    serve("getCase", async ({ caller, params }) => presentCase(ctx, await caseOf(ctx.db, caller, params.id))),
    serve("addEvidence", ({ caller, params, body }) => addEvidence(ctx, caller, params.id, body)),
    serve("answerCase", ({ caller, params, body }) => carryBonded(ctx, caller, params.id, "answer", body)),
    serve("appealCase", ({ caller, params, body }) => carryBonded(ctx, caller, params.id, "appeal", body)),
    serve("commitVote", ({ caller, params, body }) => commitVote(ctx, caller, params.id, body)),
    serve("revealVote", ({ caller, params, body }) => revealVote(ctx, caller, params.id, body)),

    serve("listCases", async ({ caller, query }) => {
      requirePool(ctx);
      const { address } = caller.worker;
      const after = idAfter(query.cursor, "job");
      const jobs = await ctx.db
        .selectFrom("jobs")
        .select(jobColumns)
        .where("id", "in", (open) =>
          open
            .selectFrom("case_seats")
            .innerJoin("cases", "cases.job_id", "case_seats.job_id")
            .select("case_seats.job_id")
            .where("juror", "=", address)
            .where("cases.ended_at", "is", null),
        )
        .$if(after !== undefined, (older) => older.where("id", "<", after ?? ""))
        .orderBy("id", "desc")
        .limit(query.limit + 1)
        .execute();
      const summaries = await presentSummaries(ctx, jobs.slice(0, query.limit), address);
      return pageOf(jobs, query.limit, ({ id }) => required(summaries.get(id)));
    }),

    serve("getArbitrationAccount", ({ caller }) => presentAccount(ctx, caller)),
    serve("deposit", ({ caller, body }) => carryDeposit(ctx, caller, body)),
    serve("withdraw", ({ caller, body }) =>
      carryAccountWord(ctx, caller, (pool, owner) => withdrawCall(pool, owner, body.amount, wordOf(body))),
    ),
    serve("setStandingAnswer", ({ caller, body }) =>
      carryAccountWord(ctx, caller, (pool, owner) => setStandingAnswerCall(pool, owner, body.stands, wordOf(body))),
    ),
    serve("stake", ({ caller, body }) =>
      carryAccountWord(ctx, caller, (pool, juror) => stakeCall(pool, juror, body.amount, wordOf(body)), body.deposit),
    ),
    serve("collect", ({ caller }) => carryForJuror(ctx, caller, "collect")),
    serve("retire", ({ caller, body }) =>
      carryAccountWord(ctx, caller, (pool, juror) => retireCall(pool, juror, wordOf(body))),
    ),
    serve("unstake", ({ caller }) => carryForJuror(ctx, caller, "unstake")),
  ];
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a row was not presented");
  return value;
}
