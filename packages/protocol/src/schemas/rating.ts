import { z } from "zod";
import { jobIdSchema } from "./ids.ts";
import { instantSchema } from "./scalars.ts";

/** The body of POST /v1/jobs/:id/rate. */
export const ratingCreateSchema = z
  .strictObject({
    score: z.int().min(1).max(5).meta({ description: "Satisfaction from 1 to 5 (CSAT).", example: 5 }),
    comment: z.string().trim().max(2000).optional(),
  })
  .meta({ id: "RatingCreate" });
export type RatingCreate = z.infer<typeof ratingCreateSchema>;

export const ratingSchema = z
  .object({
    job_id: jobIdSchema,
    score: z.int().min(1).max(5),
    comment: z.string().nullable(),
    created_at: instantSchema,
  })
  .meta({ id: "Rating", description: "How satisfied the client was. It doesn't move the reputation on chain." });
export type Rating = z.infer<typeof ratingSchema>;
