const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The pauses between tries: quick at first, since most outages are short; the last one repeats until a day is over. */
const PAUSES_MS: readonly number[] = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
];

/**
 * How long to wait before the next try, with up to a fifth of jitter so that a receiver that comes back is not overrun.
 * @param attempts how many were made, 1 or more
 */
export function pauseAfterMs(attempts: number): number {
  const pause = PAUSES_MS[Math.min(attempts, PAUSES_MS.length) - 1] ?? 0;
  return Math.round(pause * (0.9 + Math.random() * 0.2));
}

/** So many failures in a row open an endpoint's circuit: from then on one try at a time, with a pause after each failure. */
export const CIRCUIT_FAILURES = 10;
/** The first pause; each further failure doubles it up to the longest. */
export const CIRCUIT_PAUSE_SECONDS = 60;
export const CIRCUIT_LONGEST_PAUSE_SECONDS = 3_600;
