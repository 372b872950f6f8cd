import { setTimeout as sleep } from "node:timers/promises";
import { AnswerError, ConnectionError, RefusedError } from "@hireforhumans/client";

const againMs = 100;
const insistForMs = 180_000;

/** No answer, or one that says that another try may get one. */
const mayTryAgain = (error: unknown): boolean =>
  error instanceof ConnectionError ||
  (error instanceof AnswerError && error.status >= 500) ||
  (error instanceof AnswerError && error.status < 400) ||
  (error instanceof RefusedError && (error.status >= 500 || error.status === 429));

/** Asks again until there is an answer, as callers do whose gateway has gone. @throws what no further try would mend */
export async function insist<Result>(ask: () => Promise<Result>): Promise<Result> {
  const endsAt = performance.now() + insistForMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!mayTryAgain(error) || performance.now() > endsAt) throw error;
    }
    await sleep(againMs);
  }
}
