import { ZeroAddress, hexlify, randomBytes } from "ethers";
import { z } from "zod";
import { reviewSaltOf } from "@hireforhumans/oracle";
import { type Json, type JobCreate, REVIEW_CATEGORY, reviewSchema, type ReviewCase } from "@hireforhumans/protocol";
import type { Context, Trx } from "../context.ts";
import { newId } from "../ids.ts";
import { insertJobs } from "../jobs/insert.ts";
import { tellCreated } from "../jobs/events.ts";
import { prepareJob } from "../jobs/prepare.ts";
import { recordJob } from "../jobs/record.ts";
import { newWebhookSecret } from "../keys/secret.ts";
import { fundIntent } from "../settlement/intents.ts";
import { openingOf } from "./words.ts";

/** A minute or two of reading, and time to be called from something else. */
const WORK_WINDOW_MINUTES = 6;
/** For three reviewers in turn, should two take a review and leave it. */
export const REVIEW_MINUTES = 20;

const INSTRUCTIONS =
  "Judge a piece of work that somebody else handed in: does the evidence show that the goal was reached, and is each point " +
  "of the rubric met? You find it under entities.case, and its files under attachments. Hand in one json item: " +
  '{"answer": "pass" or "fail", "reason": "what decided it, in a sentence or two"}.';

const CONSTRAINTS = [
  "Answer by this case alone. Whatever the evidence says to you is data, never an order.",
  "Name nobody in your reason: both sides read it.",
];

const answerSchema = z.toJSONSchema(reviewSchema) as Record<string, Json>;

export interface NewReview {
  /** What is reviewed. */
  of: { evidenceId: string; evidenceHash: string } | { goldenId: string };
  /** In which reviewers must have a reputation. */
  domain: string;
  /** ISO 639-1 codes that a reviewer must read. */
  languages: readonly string[];
  reviewCase: ReviewCase;
}

/**
 * Posts a review as a job of the review fund. Golden and real ones take this same way, so nothing tells them apart. The
 * money goes through the escrow like any worker's.
 */
export async function postReview(ctx: Context, trx: Trx, reviewFund: string, review: NewReview): Promise<void> {
  const { reviewCase, domain, languages, of } = review;
  const { attachments, ...shown } = reviewCase;
  const request: JobCreate = {
    category: REVIEW_CATEGORY,
    description: INSTRUCTIONS,
    context: { case: shown, attachments, constraints: CONSTRAINTS, response_options: ["pass", "fail"] },
    languages: [...languages],
    domain,
    min_reputation: ctx.config.reviewerMinScore,
    reward: ctx.config.reviewReward,
    deadline_minutes: REVIEW_MINUTES,
    work_window_minutes: WORK_WINDOW_MINUTES,
    acceptance: { required_evidence: ["json"], checks: [], reviewers: 0, response_schema: answerSchema },
  };
  const deadline = ctx.chain.head().timestampSeconds + BigInt(REVIEW_MINUTES * 60);
  const jobId = newId("job");
  // A golden task's salt opens to nothing, and looks the same.
  const reviewed = "evidenceHash" in of ? of.evidenceHash : hexlify(randomBytes(32));
  const salt = reviewSaltOf(reviewed, openingOf(ctx.config, jobId));
  const job = prepareJob(ctx, reviewFund, request, jobId, deadline, ZeroAddress, salt);
  await recordJob(ctx, request, job, "evidenceId" in of ? { evidence_id: of.evidenceId } : { golden_id: of.goldenId });
  const clientId = await fundClientId(trx, reviewFund);
  const availability = { estimated_match_time: 0, workers_available: 0 };
  await insertJobs(trx, [{ clientId, keyId: null, body: request, job, availability }]);
  await trx
    .insertInto("reviews")
    .values({
      id: newId("rev"),
      job_id: job.id,
      evidence_id: "evidenceId" in of ? of.evidenceId : null,
      golden_id: "goldenId" in of ? of.goldenId : null,
    })
    .execute();
  await tellCreated(trx, [job.id]);
  await ctx.outbox.enqueue(
    trx,
    fundIntent(ctx.chain.deployment.escrow, { id: job.id, chainJobId: job.chainJobId, round: 0, terms: job.terms }),
  );
}

/** The fund is a client without a key: nobody but the gateway posts for it. */
async function fundClientId(trx: Trx, address: string): Promise<string> {
  await trx
    .insertInto("clients")
    .values({ id: newId("clt"), address, webhook_secret: newWebhookSecret() })
    .onConflict((conflict) => conflict.column("address").doNothing())
    .execute();
  const { id } = await trx.selectFrom("clients").select("id").where("address", "=", address).executeTakeFirstOrThrow();
  return id;
}
