import { type EvidenceBundle, type Review, reviewSchema } from "@hireforhumans/protocol";

/** The answer in the evidence of a review job. @returns undefined where it holds none; who hands in two has given none */
export function answerIn({ items }: Pick<EvidenceBundle, "items">): Review | undefined {
  const values = items.flatMap((item) => (item.kind === "json" ? [item.value] : []));
  return values.length === 1 ? reviewSchema.safeParse(values[0]).data : undefined;
}
