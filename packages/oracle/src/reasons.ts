import { type CheckResult, type Outcome, type VerdictReasons, canonicalJson } from "@hireforhumans/protocol";
import { outcomeOf } from "./pipeline.ts";

/** Time enough to carry a verdict through any outage of a week; bounded, so that an old key's word ends. */
export const validSeconds = 7n * 24n * 3600n;

/** What a verdict is about. */
export interface Subject {
  chainJobId: string;
  evidenceHash: string;
}

/** The reasons of one verifier. */
export function reasonsOf({ chainJobId, evidenceHash }: Subject, checks: CheckResult[]): VerdictReasons {
  const outcome = outcomeOf(checks);
  const summary = summaryOf(outcome, checks);
  return { version: 1, chain_job_id: chainJobId, evidence_hash: evidenceHash, outcome, summary, checks };
}

export function summaryOf(outcome: Outcome, checks: readonly CheckResult[]): string {
  if (outcome === "pass") return `All ${checks.length} checks passed.`;
  const deciding = checks.filter((result) => result.outcome === outcome);
  const names = [...new Set(deciding.map((result) => result.check))].join(", ");
  return outcome === "fail" ? `Failed: ${names}.` : `Could not be decided yet: ${names}.`;
}

/** What one verifier of several found. */
export interface MemberFinding {
  verifier: string;
  checks: CheckResult[];
}

/**
 * The reasons that all of one outcome can sign: what most of them found, what others of them found where the words
 * differ, and who came to another outcome.
 * @throws RangeError when nobody came to the outcome
 */
export function commonReasons(subject: Subject, outcome: Outcome, findings: readonly MemberFinding[]): VerdictReasons {
  const agreeing = findings.filter(({ checks }) => outcomeOf(checks) === outcome);
  const dissenting = findings.filter(({ checks }) => outcomeOf(checks) !== outcome);
  const [checks, ...differing] = byFrequency(agreeing.map((finding) => finding.checks));
  if (checks === undefined) throw new RangeError(`Nobody found ${outcome}.`);
  return {
    ...reasonsOf(subject, checks),
    ...(differing.length === 0 ? {} : { differing_checks: differing }),
    ...(dissenting.length === 0 ? {} : { dissenting: dissenting.map(dissentOf) }),
  };
}

function dissentOf({ verifier, checks }: MemberFinding) {
  const outcome = outcomeOf(checks);
  return { verifier, outcome, summary: summaryOf(outcome, checks) };
}

/** Each different finding once, the commonest first. */
function byFrequency(findings: CheckResult[][]): CheckResult[][] {
  const groups = [...Map.groupBy(findings, canonicalJson)];
  groups.sort(([left, { length: a }], [right, { length: b }]) => b - a || (left < right ? -1 : 1));
  return groups.flatMap(([, same]) => same.slice(0, 1));
}

/** Whether a verifier with this finding can sign those reasons: they say its outcome, and hold its finding as it is. */
export function holdsFinding(reasons: VerdictReasons, checks: readonly CheckResult[]): boolean {
  const own = canonicalJson(checks);
  const held = [reasons.checks, ...(reasons.differing_checks ?? [])];
  return (
    reasons.outcome === outcomeOf(checks) &&
    reasons.summary === summaryOf(reasons.outcome, reasons.checks) &&
    held.some((each) => canonicalJson(each) === own)
  );
}
