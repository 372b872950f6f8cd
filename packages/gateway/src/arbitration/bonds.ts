import { type BondedWord, type Case, parseTerms } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import type { Caller } from "../http/caller.ts";
import { carry, depositOf, requirePool, wordOf } from "./carry.ts";
import { caseOf } from "./find.ts";
import { bondedCall, withDeposit } from "./intents.ts";
import { presentCase } from "./present.ts";

/**
 * Carries a party's answer or appeal, which takes its bond.
 * @throws ApiError not_found, and by the pool's refusals
 */
export async function carryBonded(
  ctx: Context,
  caller: Caller,
  jobId: string,
  verb: "answer" | "appeal",
  body: BondedWord,
): Promise<Case> {
  const { job, address: by } = await caseOf(ctx.db, caller, jobId);
  const call = bondedCall(requirePool(ctx).address, verb, parseTerms(job.terms), { by, word: wordOf(body) });
  const deposit = body.deposit === undefined ? undefined : depositOf(body.deposit);
  await carry(ctx, { call: withDeposit(call, by, deposit), jobId });
  return presentCase(ctx, await caseOf(ctx.db, caller, jobId));
}
