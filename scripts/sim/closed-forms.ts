/**
 * The share of panels that decide wrongly where each juror votes: the attacker's against the truth, the others for it
 * with this accuracy, independently. Seats are drawn without putting back from accounts of equal stake (the
 * hypergeometric distribution), honest errors are binomial.
 * @param seats odd
 * @param accuracy 0 to 1
 */
export function wrongShare({
  seats,
  accuracy,
  jurors,
  attackers,
}: {
  seats: number;
  accuracy: number;
  jurors: number;
  attackers: number;
}): number {
  let share = 0;
  for (let corrupt = 0; corrupt <= Math.min(seats, attackers); ++corrupt) {
    const honest = seats - corrupt;
    const drawn = (choose(attackers, corrupt) * choose(jurors - attackers, honest)) / choose(jurors, seats);
    const needed = Math.max(0, (seats + 1) / 2 - corrupt);
    share += drawn * atLeast(needed, honest, 1 - accuracy);
  }
  return share;
}

/** The probability of so many successes or more in these independent trials. */
function atLeast(successes: number, trials: number, probability: number): number {
  let sum = 0;
  for (let count = successes; count <= trials; ++count) {
    sum += choose(trials, count) * probability ** count * (1 - probability) ** (trials - count);
  }
  return sum;
}

function choose(from: number, taken: number): number {
  if (taken > from) return 0;
  let product = 1;
  for (let index = 1; index <= taken; ++index) product *= (from - taken + index) / index;
  return product;
}
