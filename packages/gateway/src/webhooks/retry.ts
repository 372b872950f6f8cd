const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** The pauses between tries: quick at first, since most outages are short; 24 h in all. */
const pausesMs = [
  5 * second,
  30 * second,
  2 * minute,
  10 * minute,
  30 * minute,
  hour,
  2 * hour,
  4 * hour,
  6 * hour,
  10 * hour + 18 * minute,
] as const;

/**
 * How long to wait before the next try, with up to a fifth of jitter so that receivers that come back are not overrun.
 * @param attempts how many were made, 1 or more
 * @returns undefined when it is to be given up
 */
export function pauseAfterMs(attempts: number): number | undefined {
  const pause = pausesMs[attempts - 1];
  return pause === undefined ? undefined : Math.round(pause * (0.9 + Math.random() * 0.2));
}

/** So many failures in a row pause an endpoint for all its jobs, so that a dead receiver costs a try now and then only. */
export const circuitFailures = 10;
export const circuitPauseMs = 5 * minute;
