import { z } from "zod";
import { poolIdSchema } from "./ids.ts";
import { numberText } from "./list.ts";
import { countrySchema, domainNameSchema, instantSchema, tagSchema, tierSchema } from "./scalars.ts";

const commaSeparated = z
  .string()
  .max(1000)
  .transform((text) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  );

/** The query of GET /v1/availability: the filters of a job. Lists are separated by commas. */
export const availabilityQuerySchema = z.strictObject({
  category: domainNameSchema.optional(),
  domain: domainNameSchema.optional(),
  requirements: commaSeparated
    .optional()
    .meta({ description: "Languages and skills, mixed.", example: "english,billing" }),
  languages: commaSeparated.optional(),
  certifications: commaSeparated.pipe(z.array(tagSchema)).optional(),
  countries_allow: commaSeparated.pipe(z.array(countrySchema)).optional(),
  countries_deny: commaSeparated.pipe(z.array(countrySchema)).optional(),
  min_reputation: numberText(z.number().min(0).max(1).optional()),
  pool_id: poolIdSchema.optional(),
  tier: tierSchema.optional(),
});
export type AvailabilityQueryInput = z.input<typeof availabilityQuerySchema>;
export type AvailabilityQuery = z.output<typeof availabilityQuerySchema>;

export const availabilitySchema = z
  .object({
    workers_available: z.int().min(0).meta({ description: "How many fit and are free now." }),
    workers_matching: z.int().min(0).meta({ description: "How many fit at all, free or not." }),
    estimated_match_time: z.number().min(0).meta({ description: "Minutes.", example: 0.5 }),
    wait_p50_seconds: z.number().min(0).nullable().meta({ description: "Measured; null while too few were measured." }),
    wait_p90_seconds: z.number().min(0).nullable(),
    next_opening_at: instantSchema
      .nullable()
      .meta({ description: "When somebody is likely free; null: now, or unknown." }),
  })
  .meta({
    id: "Availability",
    description: "Whether somebody could take such a job now. Ask before promising anything.",
  });
export type Availability = z.infer<typeof availabilitySchema>;
