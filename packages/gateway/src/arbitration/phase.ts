import type { CasePhase } from "@hireforhumans/protocol";
import type { PoolRules } from "../chain/pool-reader.ts";
import type { CaseState } from "./case-state.ts";

export interface PhaseNow {
  phase: CasePhase;
  /** The last chain second of the phase; null where only a transaction is waited for. */
  until: bigint | null;
}

/**
 * Where a case stands at a time. Its events do not tell that a commit window went by: the panel then reveals, as the pool
 * itself reckons.
 */
export function phaseAt(
  { phase, until, revealingSince }: Pick<CaseState, "phase" | "until" | "revealingSince">,
  { revealWindow }: Pick<PoolRules, "revealWindow">,
  nowSeconds: bigint,
): PhaseNow {
  if (phase === "revealing" && revealingSince !== null) return { phase, until: BigInt(revealingSince) + revealWindow };
  if (phase === "committing" && until !== null && nowSeconds > BigInt(until)) {
    return { phase: "revealing", until: BigInt(until) + revealWindow };
  }
  return { phase, until: until === null ? null : BigInt(until) };
}
