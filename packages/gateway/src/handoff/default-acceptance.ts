import type { Acceptance, CheckRequest, EvidenceKind } from "@hireforhumans/protocol";

const pictures = ["image/jpeg", "image/png", "image/webp", "image/heic"];
const films = ["video/mp4", "video/webm"];

/** Less is an "ok" or a "done". */
const SOME_WORDS = 20;
/** A finding with its grounds takes some sentences. */
const SOME_SENTENCES = 100;

const words = (min: number): CheckRequest => ({ check: "text_length", params: { min } });
const files = (...media_types: string[]): CheckRequest => ({ check: "document_type", params: { media_types } });

export interface DefaultRubric {
  categories: readonly string[];
  required: readonly EvidenceKind[];
  checks: readonly CheckRequest[];
}

/**
 * What is asked for where a job does not say, by category. Each row asks for what anybody who did the work has at hand, and
 * no more: a client that wants judgement, its own system's word or a certain page says so. docs/verification.md shows it.
 */
export const defaultRubrics: readonly DefaultRubric[] = [
  {
    categories: [
      "customer_support_escalation",
      "customer_support",
      "technical_support",
      "complaint",
      "billing_dispute",
      "refund_request",
      "account_recovery",
      "phone_call",
      "callback",
      "appointment",
    ],
    required: ["text"],
    checks: [words(SOME_WORDS)],
  },
  {
    categories: [
      "research",
      "fact_checking",
      "expert_review",
      "legal_review",
      "compliance_review",
      "medical_review",
      "code_review",
      "risk_review",
    ],
    required: ["text"],
    checks: [words(SOME_SENTENCES)],
  },
  {
    categories: ["translation", "transcription", "summarization", "copywriting", "proofreading"],
    required: ["text"],
    checks: [words(SOME_WORDS)],
  },
  {
    categories: [
      "data_labeling",
      "annotation",
      "classification",
      "data_entry",
      "data_extraction",
      "content_moderation",
    ],
    required: ["json"],
    checks: [],
  },
  {
    categories: ["photography", "photo_verification"],
    required: ["file"],
    checks: [files(...pictures)],
  },
  {
    categories: ["on_site_inspection", "site_visit", "delivery", "mystery_shopping"],
    required: ["text", "file"],
    checks: [words(SOME_WORDS), files(...pictures, ...films)],
  },
  {
    categories: ["document_collection", "document_signing", "notarization"],
    required: ["file"],
    checks: [files("application/pdf", ...pictures)],
  },
  {
    categories: ["web_publishing", "listing", "website_update", "pull_request"],
    required: ["link"],
    checks: [{ check: "link", params: {} }],
  },
  {
    categories: ["onchain_transaction", "onchain_payment"],
    required: ["transaction"],
    checks: [{ check: "transaction", params: { confirmations: 1 } }],
  },
];

const byCategory = new Map(
  defaultRubrics.flatMap((rubric) => rubric.categories.map((name) => [name, rubric] as const)),
);

/** When the work is good, where the client did not say: what the category hands in has to be there. */
export function defaultAcceptance(category: string): Acceptance {
  const known = byCategory.get(category.toLowerCase().replace(/[\s-]+/g, "_"));
  if (known !== undefined) return acceptanceOf(known);
  if (/label|annotat|classif|data[ _-]entry|extraction/i.test(category)) return acceptanceOf({ required: ["json"] });
  if (/document|photo|scan|inspection|on[ _-]?site/i.test(category)) return acceptanceOf({ required: ["file"] });
  return acceptanceOf({ required: ["text"], checks: [words(SOME_WORDS)] });
}

const acceptanceOf = ({
  required,
  checks = [],
}: Pick<DefaultRubric, "required"> & Partial<DefaultRubric>): Acceptance => ({
  required_evidence: [...required],
  checks: [...checks],
  reviewers: 0,
});
