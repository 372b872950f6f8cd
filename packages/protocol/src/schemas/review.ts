import { z } from "zod";
import { domainNameSchema, instantSchema } from "./scalars.ts";

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
