import { AnswerError, ConnectionError, RefusedError } from "./errors.ts";

export interface RetryOptions {
  /** How often a request is sent at most, the first time included. */
  attempts: number;
  /** The wait before the second attempt is random up to this; it doubles with each further one. */
  baseMs: number;
  /** No wait by our own choice is longer. */
  maxMs: number;
  /** A `Retry-After` above this is not waited for: the error is thrown instead. */
  maxRetryAfterMs: number;
}

export const DEFAULT_RETRY: RetryOptions = { attempts: 4, baseMs: 500, maxMs: 8_000, maxRetryAfterMs: 60_000 };

/**
 * How long to wait before sending the same request again, or undefined where that can't help or could do harm.
 * @param repeatable whether doing it twice does no harm
 * @param attempt how often it was sent, from 1
 */
export function waitBeforeRetryMs(
  error: unknown,
  repeatable: boolean,
  attempt: number,
  options: RetryOptions,
): number | undefined {
  if (attempt >= options.attempts) return undefined;
  if (!mayRetry(error, repeatable)) return undefined;
  const told = error instanceof RefusedError ? error.retryAfterSeconds : undefined;
  if (told !== undefined) return told * 1000 <= options.maxRetryAfterMs ? told * 1000 : undefined;
  // Full jitter: callers that failed together must not come back together.
  return Math.random() * Math.min(options.maxMs, options.baseMs * 2 ** (attempt - 1));
}

function mayRetry(error: unknown, repeatable: boolean): boolean {
  if (error instanceof RefusedError) {
    // These were turned away before anything was done.
    if (error.status === 429 || error.code === "unavailable" || error.code === "idempotency_in_progress") return true;
    return repeatable && error.status >= 500;
  }
  if (error instanceof AnswerError) return repeatable && error.status >= 500;
  return repeatable && error instanceof ConnectionError;
}

/** Waits, unless the signal aborts first; then it throws the signal's reason. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", abort, { once: true });
  });
}
