/** What a rebuild did. Counts are of this run: one that went on after an interruption finds much of it done. */
export interface RebuildReport {
  restored: Record<string, number>;
  /** What could not be restored, or not wholly, and why: a line each. */
  problems: string[];
  /** Base units of USDC, by the followed chain. */
  money: { escrowed: bigint; paid: bigint; refunded: bigint };
}

/** Kept by nothing but the database, so a rebuild can't bring it back. */
export const lost = [
  "API keys, operators' notes, caps and webhook secrets: give each client a new key (POST /v1/clients with its address)",
  "webhook endpoints and deliveries: clients register them again",
  "workers' sessions, names, countries and profiles: workers sign in and make a profile; their reputation is on chain",
  "offers that nobody accepted, messages between agent and worker, ratings, the members of pools",
  "Idempotency-Keys: a client that posts an old request again makes a new job",
  "words that were signed but in no block yet, other than evidence: acceptances, cancellations, votes; they are given again",
  "the log of privileged acts: compare the last head that it told with your copy",
  "golden tasks that were retired, refusals of screening and their appeals",
  "wall times of events: those of the blocks stand for them",
] as const;

const usdc = (units: bigint): string =>
  `${units / 1_000_000n}.${(units % 1_000_000n).toString().padStart(6, "0")} USDC`;

/** The report for an operator, in lines. */
export function reportText({ restored, problems, money }: RebuildReport): string {
  const counts = Object.entries(restored).map(([what, count]) => `  ${String(count).padStart(8)}  ${what}`);
  const sums = Object.entries(money).map(([what, units]) => `  ${usdc(units)} ${what}`);
  const troubles =
    problems.length === 0
      ? ["Nothing was missing."]
      : [`${problems.length} could not be restored, or not wholly:`, ...problems.map((problem) => `  ${problem}`)];
  return [
    "Restored:",
    ...counts,
    "Money by the chain:",
    ...sums,
    ...troubles,
    "Kept by the database alone, so lost if it was:",
    ...lost.map((line) => `  ${line}`),
  ].join("\n");
}
