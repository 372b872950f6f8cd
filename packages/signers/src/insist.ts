import { setTimeout as sleep } from "node:timers/promises";
import { SignerRefused, SignerUnavailable } from "./errors.ts";

/** What a key service may be asked again for, and how its error is told. */
export interface Failure {
  /** It may be different next time: throttled, overloaded, out of reach. */
  passing: boolean;
  message: string;
}

const TRIES = 4;
/** Key services answer within some 20 ms; a caller of the API waits ten seconds in all. */
export const TRY_TIMEOUT_MS = 2_000;
const FIRST_PAUSE_MS = 100;

/**
 * Asks a key service until it answers, a few times. Signing twice does no harm: what is not stored is not sent.
 * @throws SignerUnavailable after the last try, SignerRefused at once
 */
export async function insist<Result>(
  what: string,
  ask: (signal: AbortSignal) => Promise<Result>,
  failureOf: (error: unknown) => Failure,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    const patience = new AbortController();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      patience.abort();
      late.reject(new Error("too late"));
    }, TRY_TIMEOUT_MS);
    try {
      return await Promise.race([ask(patience.signal), late.promise]);
    } catch (error) {
      const failure = patience.signal.aborted
        ? { passing: true, message: `no answer within ${TRY_TIMEOUT_MS / 1_000} s` }
        : failureOf(error);
      if (!failure.passing) throw new SignerRefused(`${what} was refused: ${failure.message}`, { cause: error });
      if (attempt === TRIES)
        throw new SignerUnavailable(`${what} failed ${TRIES} times: ${failure.message}`, { cause: error });
      clearTimeout(timer);
      await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    } finally {
      clearTimeout(timer);
    }
  }
}
