import { z } from "zod";
import { listOf, pageQuerySchema } from "./list.ts";
import {
  domainNameSchema,
  instantSchema,
  jsonSchema,
  languageCodeSchema,
  languageSchema,
  sha256Schema,
} from "./scalars.ts";

/** The category of the jobs by which a gateway has evidence reviewed. */
export const REVIEW_CATEGORY = "peer_review";

/** The most that review one piece of evidence: where five can't tell, more of the same would not. */
export const MAX_REVIEWERS = 5;

export const reviewAnswerSchema = z.enum(["pass", "fail"]).meta({
  id: "ReviewAnswer",
  description: "pass: the evidence shows that the goal was reached and the rubric is met.",
});
export type ReviewAnswer = z.infer<typeof reviewAnswerSchema>;

/** What a reviewer hands in, as the `json` evidence of a review job. */
export const reviewSchema = z
  .strictObject({
    answer: reviewAnswerSchema,
    reason: z
      .string()
      .min(20)
      .max(1000)
      .meta({ description: "Why, for both sides to read. Name nobody.", example: "The transcript shows the refund." }),
  })
  .meta({ id: "Review", description: "A reviewer's answer." });
export type Review = z.infer<typeof reviewSchema>;

const share = z.number().min(0).max(1);

/** What all answers of a domain together say, by Dawid and Skene. */
export const reviewEstimateSchema = z
  .object({
    good_share: share.meta({ description: "How much of the evidence is good." }),
    passed_bad: share.nullable().meta({
      description: "How often a reviewer passes bad evidence; null where nobody ever said fail.",
    }),
    failed_good: share.nullable().meta({
      description: "How often a reviewer fails good evidence; null where nobody ever said pass.",
    }),
    settled: z.int().min(0).meta({ description: "Cases that their reviews have settled." }),
    settled_otherwise: z.int().min(0).meta({
      description: "Those of them that this estimate would have decided the other way.",
    }),
  })
  .meta({ id: "ReviewEstimate", description: "An estimate from all answers at once; it decides nothing." });
export type ReviewEstimate = z.infer<typeof reviewEstimateSchema>;

/** How well reviewers agree, and how often they are right where the answer is known. */
export const reviewQualitySchema = z
  .object({
    domain: domainNameSchema,
    cases: z.int().min(0).meta({ description: "Evidence that was reviewed." }),
    reviews: z.int().min(0).meta({ description: "Answers on it." }),
    alpha: z.number().max(1).nullable().meta({
      description: "Krippendorff's alpha of those answers: 1 agreement, 0 chance; null while there are too few.",
    }),
    golden_answers: z.int().min(0).meta({ description: "Answers to golden tasks that are in use." }),
    golden_accuracy: z.number().min(0).max(1).nullable().meta({ description: "The share of them that is right." }),
    estimate: reviewEstimateSchema.nullable().meta({ description: "Renewed every hour; null until then." }),
    estimated_at: instantSchema.nullable(),
  })
  .meta({ id: "ReviewQuality", description: "How good the reviews in a domain are." });
export const reviewQualityListSchema = z
  .object({ object: z.literal("list"), data: z.array(reviewQualitySchema) })
  .meta({ id: "ReviewQualityList" });
export type ReviewQuality = z.infer<typeof reviewQualitySchema>;

/** What a reviewer sees of a case, the same for real and golden ones: nothing that tells who did the work, or for whom. */
export const reviewCaseSchema = z
  .strictObject({
    goal: z.string(),
    question: z.string().nullable(),
    response_options: z.array(z.string()),
    rubric: z
      .array(z.string())
      .meta({ description: "What the client wants judged, beside whether the goal was reached." }),
    resolution: z.string(),
    notes: z.string(),
    evidence: z.array(z.strictObject({ kind: z.string(), content: jsonSchema })),
    attachments: z.array(
      z.strictObject({ uri: z.string(), sha256: sha256Schema, name: z.string(), media_type: z.string() }),
    ),
  })
  .meta({ id: "ReviewCase", description: "A piece of work as its reviewers see it." });
export type ReviewCase = z.infer<typeof reviewCaseSchema>;

/** Hex of the content's hash: the same task is the same one, however often it is imported. */
export const goldenTaskIdSchema = z
  .string()
  .regex(/^gld_[0-9a-f]{26}$/, "is not the id of a golden task (gld_…)")
  .meta({ description: "The id of a golden task.", example: "gld_0b2f8c1d9e4a7f6035c8d1e2b4" });

export const goldenTaskInputSchema = z
  .strictObject({
    domain: domainNameSchema,
    language: languageSchema.meta({ description: "In which it is written: who is asked reads it." }),
    answer: reviewAnswerSchema,
    case: reviewCaseSchema,
  })
  .meta({ id: "GoldenTaskInput", description: "A case whose answer is known." });

/** The body of POST /v1/reviews/golden-tasks: all of it is taken, or nothing. */
export const goldenImportSchema = z
  .strictObject({ tasks: z.array(goldenTaskInputSchema).min(1).max(500) })
  .meta({ id: "GoldenImport" });
export type GoldenImport = z.output<typeof goldenImportSchema>;

export const goldenImportedSchema = z
  .object({
    ids: z.array(goldenTaskIdSchema).meta({ description: "Of all tasks of the request, in its order." }),
    imported: z.int().min(0).meta({ description: "How many were new." }),
  })
  .meta({ id: "GoldenImported" });

export const goldenTaskSchema = z
  .object({
    id: goldenTaskIdSchema,
    domain: domainNameSchema,
    language: languageCodeSchema
      .nullable()
      .meta({ description: "Null: nobody said; asked of reviewers of any language." }),
    answer: reviewAnswerSchema,
    case: reviewCaseSchema,
    answers: z.int().min(0).meta({ description: "How often it was answered." }),
    right: z.int().min(0).meta({ description: "How often rightly." }),
    retired_at: instantSchema.nullable(),
    retired_because: z.string().nullable(),
    created_at: instantSchema,
  })
  .meta({ id: "GoldenTask", description: "A case whose answer is known, by which reviewers are measured." });
export type GoldenTask = z.infer<typeof goldenTaskSchema>;

export const goldenTaskListSchema = listOf(goldenTaskSchema, "GoldenTaskList");

export const goldenTaskQuerySchema = pageQuerySchema.extend({
  domain: domainNameSchema.optional(),
  status: z.enum(["in_use", "retired"]).optional(),
});

/** The body of POST /v1/reviews/golden-tasks/:id/retire. */
export const goldenRetireSchema = z
  .strictObject({ reason: z.string().trim().min(1).max(500).meta({ description: "Why, for whoever reads it later." }) })
  .meta({ id: "GoldenRetire" });
