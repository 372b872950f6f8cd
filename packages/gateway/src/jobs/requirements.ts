import { type JobCreate, type Tier, splitRequirements, tagSchema, wadOf } from "@hireforhumans/protocol";

/** Whom a job can go to: the hard filters of matching. */
export interface Requirements {
  /** The reputation domain's name. */
  domain: string;
  tier: Tier;
  /** As profiles have them: lowercase, with underscores. */
  skills: readonly string[];
  /** ISO 639-1 codes, the most wanted first. */
  languages: readonly string[];
  certifications: readonly string[];
  /** ISO 3166-1 alpha-2 codes; empty: anywhere. */
  countriesAllow: readonly string[];
  countriesDeny: readonly string[];
  /** WAD: 1e18 is 1.0. */
  minReputation: bigint;
  poolId: string | null;
}

/**
 * Whom a request asks for. Languages may stand among its `requirements` or apart; what is no language there is a skill,
 * matched literally.
 */
export function requirementsOfRequest(request: JobCreate): Requirements {
  const { languages, skills } = splitRequirements(request.requirements ?? []);
  return {
    domain: request.domain ?? request.category,
    tier: request.tier ?? "general",
    skills: [...new Set(skills.map((skill) => tagSchema.parse(skill)))],
    languages: [...new Set([...languages, ...(request.languages ?? [])])],
    certifications: request.certifications ?? [],
    countriesAllow: request.countries?.allow ?? [],
    countriesDeny: request.countries?.deny ?? [],
    minReputation: wadOf(request.min_reputation ?? 0),
    poolId: request.pool_id ?? null,
  };
}
