/**
 * Krippendorff's alpha for nominal values, any number of observers and missing values: 1 - observed / expected
 * disagreement, by the coincidence matrix (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, section D).
 * @param units the values that each unit was given; what is missing is left out, and a unit with one value tells nothing
 * @returns 1 where all agree, 0 where they agree as by chance, below where less; null where no two values can be compared
 *   or all are the same, because then nothing tells agreement from chance
 */
export function krippendorffAlpha(units: readonly (readonly string[])[]): number | null {
  const totals = new Map<string, number>();
  let values = 0;
  let agreeing = 0;
  for (const unit of units) {
    if (unit.length < 2) continue;
    values += unit.length;
    for (const [value, count] of countsOf(unit)) {
      totals.set(value, (totals.get(value) ?? 0) + count);
      agreeing += (count * (count - 1)) / (unit.length - 1);
    }
  }
  const agreeingByChance = [...totals.values()].reduce((sum, count) => sum + count * (count - 1), 0);
  const pairs = values * (values - 1);
  if (pairs === agreeingByChance) return null;
  return 1 - ((values - 1) * (values - agreeing)) / (pairs - agreeingByChance);
}

function countsOf(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
