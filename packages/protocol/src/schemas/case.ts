import { z } from "zod";
import { usdcText } from "../amount.ts";
import { hashOf } from "../canonical.ts";
import { carriedWordSchema, depositSchema } from "./arbitration-account.ts";
import { evidenceItemSchema, evidenceSchema } from "./evidence.ts";
import { jobIdSchema } from "./ids.ts";
import { listOf } from "./list.ts";
import { packetSchema } from "./packet.ts";
import { addressSchema, bytes32Schema, instantSchema, transactionHashSchema, unixSecondsSchema } from "./scalars.ts";
import { termsSchema } from "./terms.ts";
import { verdictSchema } from "./verdict.ts";

export const casePhaseSchema = z
  .enum(["answering", "waiting", "drawing", "committing", "revealing", "appealing", "undecided", "ruled"])
  .meta({
    id: "CasePhase",
    description:
      "answering: one side has bonded, the other may until `until` or loses. waiting: both have; evidence may be added " +
      "until `until`, then jurors are drawn. drawing: randomness was asked for. committing: the panel seals its votes. " +
      "revealing: it opens them. appealing: it decided, the loser may appeal until `until`. undecided: panels failed too " +
      "often, the terms' split follows. ruled: ended.",
    example: "committing",
  });
export type CasePhase = z.infer<typeof casePhaseSchema>;

export const sideSchema = z.enum(["client", "worker"]).meta({ id: "Side", example: "worker" });
export type Side = z.infer<typeof sideSchema>;

export const voteSchema = z.enum(["client", "worker", "unclear"]).meta({
  id: "Vote",
  description: "Who should have the reward. `unclear` is never slashed and never rewarded by a panel that decides.",
  example: "worker",
});
export type VoteName = z.infer<typeof voteSchema>;

const statementTextSchema = z
  .string()
  .trim()
  .min(1)
  .max(10_000)
  .meta({ description: "What is wrong with the verdict, for the other side and the jurors.", example: "I did call." });

/** keccak256 over the statement as canonical JSON: the `statementHash` that is signed and on chain. */
export function statementHashOf(statement: string): string {
  return hashOf(statement);
}

/**
 * The body of POST /v1/jobs/:id/dispute. The signature is the party's EIP-712 `Dispute` to the escrow over
 * `statementHashOf` the statement.
 */
export const disputeSchema = carriedWordSchema
  .extend({
    statement: statementTextSchema,
    deposit: depositSchema.optional().meta({ description: "Brings the bond along, where the balance lacks it." }),
  })
  .meta({ id: "Dispute" });
export type DisputeInput = z.input<typeof disputeSchema>;
export type Dispute = z.output<typeof disputeSchema>;

/** What a party adds to a case. Its hash goes on chain, so parsing changes nothing in it. */
export const caseDocumentSchema = z
  .strictObject({
    version: z.literal(1),
    chain_job_id: bytes32Schema,
    text: z.string().max(20_000),
    items: z.array(evidenceItemSchema).max(50),
  })
  .refine(({ text, items }) => text.trim() !== "" || items.length > 0, "has neither text nor items")
  .meta({ id: "CaseDocument", description: "Words and pieces of evidence for the jurors." });
export type CaseDocument = z.infer<typeof caseDocumentSchema>;

/** keccak256 over the document's canonical JSON: the `evidenceHash` of `AddEvidence`. */
export function caseDocumentHashOf(document: CaseDocument): string {
  return hashOf(document);
}

/** The body of POST /v1/jobs/:id/case/evidence. The signature is EIP-712 `AddEvidence`. */
export const addEvidenceSchema = carriedWordSchema.extend({ document: caseDocumentSchema }).meta({ id: "AddEvidence" });
export type AddEvidence = z.infer<typeof addEvidenceSchema>;

/**
 * The body of POST /v1/jobs/:id/case/answer and …/appeal. The signature is EIP-712 `Answer` or `Appeal` over the case's
 * `next_round`.
 */
export const bondedWordSchema = carriedWordSchema
  .extend({
    deposit: depositSchema.optional().meta({ description: "Brings the bond along, where the balance lacks it." }),
  })
  .meta({ id: "BondedWord" });
export type BondedWordInput = z.input<typeof bondedWordSchema>;
export type BondedWord = z.output<typeof bondedWordSchema>;

const panelIndex = z.int().min(0).max(4).meta({ description: "How many panels the case had before this one." });

/** The body of POST /v1/jobs/:id/case/commit: the sealed vote, and nothing that could open it. */
export const commitSchema = carriedWordSchema
  .extend({
    panel: panelIndex,
    commitment: bytes32Schema.meta({ description: "`commitmentOf` seat, vote and salt. Keep vote and salt secret." }),
  })
  .meta({ id: "Commit", description: "A sealed vote. The signature is EIP-712 `Commit`." });
export type Commit = z.infer<typeof commitSchema>;

/** The body of POST /v1/jobs/:id/case/reveal. */
export const revealSchema = z
  .strictObject({ panel: panelIndex, vote: voteSchema, salt: bytes32Schema })
  .meta({ id: "Reveal", description: "What a commitment hid. Refused, and not kept, before the panel reveals." });
export type Reveal = z.infer<typeof revealSchema>;

const seatSchema = z
  .object({
    seat: z.int().min(0).max(14),
    juror: addressSchema,
    committed: z.boolean(),
    commitment: bytes32Schema.nullable(),
    vote: voteSchema.nullable().meta({ description: "Null until it is revealed on chain." }),
    denounced: z.boolean().meta({ description: "Let the vote out before time, and was slashed for it." }),
  })
  .meta({ id: "Seat" });

const panelSchema = z
  .object({
    panel: panelIndex,
    round: z.int().min(0),
    seats: z.array(seatSchema),
    outcome: sideSchema.or(z.literal("none")).nullable().meta({
      description: "Null: not counted yet. none: too few voted, or no side was ahead; another panel is drawn.",
    }),
  })
  .meta({ id: "Panel" });
export type Panel = z.infer<typeof panelSchema>;

const partySchema = z
  .object({ address: addressSchema, bonded: usdcText.meta({ description: "What it has put up in all." }) })
  .meta({ id: "CaseParty" });

const statementSchema = z
  .object({
    by: sideSchema,
    body: z.string().nullable().meta({ description: "Null: it came past this gateway, which knows only its hash." }),
    statement_hash: bytes32Schema,
  })
  .meta({ id: "Statement" });

const addedEvidenceSchema = z
  .object({
    by: sideSchema,
    document: caseDocumentSchema.nullable().meta({ description: "Null: it came past this gateway." }),
    evidence_hash: bytes32Schema,
  })
  .meta({ id: "AddedEvidence" });

const paymentSchema = z
  .object({ address: addressSchema, rewarded: usdcText, slashed: usdcText })
  .meta({ id: "CasePayment", description: "What the case gave to and took from a juror (or a denouncer)." });

/** What parties and jurors see of a case at a glance. */
export const caseSummarySchema = z
  .object({
    job_id: jobIdSchema,
    chain_job_id: bytes32Schema,
    phase: casePhaseSchema,
    until: unixSecondsSchema.nullable().meta({ description: "The last second of the phase, chain time." }),
    round: z.int().min(0).meta({ description: "How often it was appealed." }),
    panels: z.int().min(0).meta({ description: "Panels that were drawn so far." }),
    your_seat: z.int().nullable().meta({ description: "Your seat on the last panel." }),
    you_committed: z.boolean(),
    you_revealed: z.boolean(),
  })
  .meta({ id: "CaseSummary", description: "A case on whose panel you were drawn." });
export type CaseSummary = z.infer<typeof caseSummarySchema>;

export const caseListSchema = listOf(caseSummarySchema, "CaseList");

/** Everything on one page, for the parties and the drawn jurors. */
export const caseSchema = z
  .object({
    job_id: jobIdSchema,
    chain_job_id: bytes32Schema,
    chain_id: z.int(),
    escrow: addressSchema,
    arbitration_pool: addressSchema,
    terms: termsSchema,
    you: z.enum(["client", "worker", "juror"]).meta({ description: "Your part in it." }),
    phase: casePhaseSchema,
    until: unixSecondsSchema.nullable().meta({
      description: "The last second of the phase, chain time; null where it waits for others' transactions only.",
    }),
    chain_time: unixSecondsSchema.meta({ description: "The chain's time now." }),
    backstop_until: unixSecondsSchema.nullable().meta({ description: "Unruled after this, the terms' split is paid." }),
    round: z.int().min(0).meta({ description: "How often it was appealed; both sides have bonded for it." }),
    next_round: z.int().min(0).meta({ description: "The round that an answer or appeal is for now." }),
    next_bond: usdcText.meta({ description: "What an answer or appeal costs now." }),
    redraws: z.int().min(0),
    disputant: sideSchema,
    standing: sideSchema.meta({ description: "The side that wins if nothing more happens after a decision." }),
    parties: z.object({ client: partySchema, worker: partySchema }),
    statement: statementSchema,
    evidence_added: z.array(addedEvidenceSchema),
    packet: packetSchema,
    evidence: z.array(evidenceSchema),
    verdict: verdictSchema.nullable(),
    panels: z.array(panelSchema),
    your_seat: z.int().nullable().meta({ description: "Your seat on the last panel." }),
    winner: sideSchema.or(z.literal("split")).nullable(),
    worker_share_bps: z.int().min(0).max(10_000).nullable(),
    fees: usdcText.nullable().meta({ description: "What the jurors got of the loser's bonds." }),
    burned: usdcText.nullable().meta({ description: "Slashed stake that nobody earned." }),
    payments: z.array(paymentSchema),
    ruling_transaction_hash: transactionHashSchema.nullable(),
    opened_at: instantSchema,
    ended_at: instantSchema.nullable(),
  })
  .meta({ id: "Case", description: "A dispute over a job before the arbitration pool." });
export type Case = z.infer<typeof caseSchema>;
