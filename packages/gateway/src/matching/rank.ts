import { sql } from "kysely";
import type { Requirements } from "../jobs/requirements.ts";

/** A newcomer's reputation, in WAD: 0.50, as the reputation contract has it. */
export const START_SCORE = 500_000_000_000_000_000n;

/** How long somebody has to wait to count as fully idle: 30 minutes, about the length of a job. */
const FULLY_IDLE_SECONDS = 1800;

/**
 * How well profile `p` of worker `w` suits what `j` asks, from 0 to 1, among those that pass the hard filters:
 *
 * 0.45 reliability + 0.25 skill + 0.15 domain and language + 0.15 idleness, each from 0 to 1:
 * - reliability: the reputation in the job's domain by the reputation contract, 0.5 for a newcomer. Only paid, settled
 *   work moves it.
 * - skill: how far the profile keeps to what is asked, (1 + skills asked) / (1 + skills named), at most 1. All skills
 *   asked are there by the hard filter, so this is 1 for the specialist and falls for who names everything.
 * - domain and language: one half if the profile is in the job's domain; the other if the profile's first language is the
 *   job's first, or the job asks none.
 * - idleness: the time since the worker's last job ended or it came on line, in parts of 30 minutes, at most 1.
 */
export const rank = sql<number>`(
  0.45 * coalesce(r.score, ${sql.lit(START_SCORE)})::float8 / 1e18
  + 0.25 * least(1, (1 + cardinality(j.skills))::float8 / (1 + cardinality(p.skills)))
  + 0.15 * (
    0.5 * (p.domain = j.domain)::int
    + 0.5 * (cardinality(j.languages) = 0 or p.languages[1] = j.languages[1])::int
  )
  + 0.15 * least(1, extract(epoch from now() - w.idle_since)::float8 / ${sql.lit(FULLY_IDLE_SECONDS)})
)`;

/** What the rank is made of: see `rank`. */
export interface RankedBy {
  domain: string;
  /** How many the profile names. */
  skills: number;
  firstLanguage: string | null;
  /** In the job's domain, from 0 to 1. */
  score: number;
  idleSinceMs: number;
}

/** `rank`, reckoned here. */
export function rankOf(by: RankedBy, asked: Pick<Requirements, "skills" | "languages" | "domain">, nowMs: number) {
  const [language] = asked.languages;
  return (
    0.45 * by.score +
    0.25 * Math.min(1, (1 + asked.skills.length) / (1 + by.skills)) +
    0.15 *
      (0.5 * Number(by.domain === asked.domain) +
        0.5 * Number(language === undefined || by.firstLanguage === language)) +
    0.15 * Math.min(1, (nowMs - by.idleSinceMs) / 1000 / FULLY_IDLE_SECONDS)
  );
}
