import { z } from "zod";

/** The envelope of every list. */
export function listOf<S extends z.ZodType>(item: S, id: string) {
  return z
    .object({
      object: z.literal("list"),
      data: z.array(item),
      has_more: z.boolean().meta({ description: "Whether older entries follow." }),
      next_cursor: z
        .string()
        .nullable()
        .meta({ description: "Send as `cursor` to get the next page; null on the last one." }),
    })
    .meta({ id, description: "One page of a list, newest first." });
}

export interface List<T> {
  object: "list";
  data: T[];
  has_more: boolean;
  next_cursor: string | null;
}

/** A number as a query holds it: plain decimal digits, not "0x10", "1e1" or an empty text, which JavaScript reads too. */
export function numberText<S extends z.ZodType>(schema: S) {
  return z.preprocess(
    (value) => (typeof value === "string" ? (/^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value) : value),
    schema,
  );
}

/** The query of every list. */
export const pageQuerySchema = z.strictObject({
  cursor: z.string().min(1).max(400).optional().meta({ description: "`next_cursor` of the page before." }),
  limit: numberText(z.int().min(1).max(100).default(20)).meta({ description: "How many at most, 1 to 100." }),
});
export type PageQuery = z.infer<typeof pageQuerySchema>;
