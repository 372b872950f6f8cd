import { z } from "zod";
import { clientIdSchema, screeningIdSchema } from "./ids.ts";
import { listOf, pageQuerySchema } from "./list.ts";
import { instantSchema } from "./scalars.ts";

/** What nobody may be hired for through a gateway. */
export const SCREENING_RULES = [
  "credentials_sharing",
  "fake_engagement",
  "impersonation",
  "bypassing_verification",
  "surveillance",
  "illegal_goods",
  "payment_off_platform",
] as const;

export const screeningRuleSchema = z.enum(SCREENING_RULES).meta({
  id: "ScreeningRule",
  description: "What a refused job asks for; see docs/screening.md.",
  example: "fake_engagement",
});
export type ScreeningRule = z.infer<typeof screeningRuleSchema>;

export const screeningStatusSchema = z.enum(["refused", "appealed", "allowed", "upheld"]).meta({
  id: "ScreeningStatus",
  description: "refused by a rule; appealed by the client; then allowed, or upheld, by the gateway's operator.",
});
export type ScreeningStatus = z.infer<typeof screeningStatusSchema>;

export const screeningSchema = z
  .object({
    id: screeningIdSchema,
    client_id: clientIdSchema,
    rule: screeningRuleSchema,
    param: z.string().meta({ description: "The field at fault.", example: "description" }),
    sentence: z.string().meta({ description: "The sentence at fault." }),
    status: screeningStatusSchema,
    appeal: z.string().nullable().meta({ description: "What the client says against it." }),
    note: z.string().nullable().meta({ description: "What the operator answered." }),
    created_at: instantSchema,
  })
  .meta({ id: "Screening", description: "A job that was refused for what it asks a person to do." });
export type Screening = z.infer<typeof screeningSchema>;

export const screeningListSchema = listOf(screeningSchema, "ScreeningList");

export const screeningListQuerySchema = pageQuerySchema.extend({ status: screeningStatusSchema.optional() });

/** The body of POST /v1/screenings/:id/appeal. */
export const screeningAppealSchema = z
  .strictObject({ message: z.string().trim().min(1).max(4000).meta({ description: "Why this job is in order." }) })
  .meta({ id: "ScreeningAppeal" });

/** The body of POST /v1/screenings/:id/decision. */
export const screeningDecisionSchema = z
  .strictObject({
    allow: z.boolean().meta({ description: "true: the same job may be posted from now on." }),
    note: z.string().trim().min(1).max(4000).meta({ description: "Why, for the client to read." }),
  })
  .meta({ id: "ScreeningDecision" });
