import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Context, Trx } from "./context.ts";

export interface GroupOptions {
  /** The largest group. Default: 100. */
  most?: number;
  /** The least time between the beginnings of two groups, so that a busy one grows; the first never waits. Default: 0. */
  apartMs?: number;
}

/**
 * Does for many calls at once what each of them asks for: calls of one turn of the event loop make up a group, and those
 * that come while it is worked on the next one. There is no timer, so only what would have had to wait in any case is put
 * together, and `work` always begins after the calls that it answers.
 * @param work gives the answers in the order of the items; what it throws is thrown to every caller of the group
 */
export function inGroups<Item, Answer>(
  work: (items: Item[]) => Promise<readonly Answer[]>,
  { most = 100, apartMs = 0 }: GroupOptions = {},
): (item: Item) => Promise<Answer> {
  interface Waiting {
    item: Item;
    resolve: (answer: Answer) => void;
    reject: (error: unknown) => void;
  }
  let waiting: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    do {
      // Who goes on with the next as soon as a group is answered is of the next group, not of the one after it.
      await nextTurn();
      const began = performance.now();
      const group = waiting.slice(0, most);
      waiting = waiting.slice(most);
      try {
        const answers = await work(group.map(({ item }) => item));
        for (const [index, { resolve }] of group.entries()) resolve(answers[index] as Answer);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
      if (apartMs > 0) await sleep(Math.max(0, apartMs - (performance.now() - began)));
    } while (waiting.length > 0);
    running = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!running) void run();
    });
}

/** What became of one member of a group. */
export type Outcome<Answer> = { answer: Answer } | { refusal: unknown };

/**
 * Does work for many in one transaction. What the database refuses must not take others with it: where the transaction
 * fails, each is tried alone. Should it have been committed after all, each must find that out by itself.
 * @param work gives the outcomes in the order of the items
 */
export async function inOneTransaction<Item, Answer>(
  { db, log }: Pick<Context, "db" | "log">,
  items: readonly Item[],
  work: (trx: Trx, items: readonly Item[]) => Promise<Outcome<Answer>[]>,
): Promise<Outcome<Answer>[]> {
  if (items.length === 0) return [];
  try {
    return await db.transaction().execute((trx) => work(trx, items));
  } catch (error) {
    if (items.length === 1) return [{ refusal: error }];
    log.warn({ err: error, members: items.length }, "a group failed together; each member is tried alone");
    const alone: Outcome<Answer>[] = [];
    for (const item of items) alone.push(...(await inOneTransaction({ db, log }, [item], work)));
    return alone;
  }
}

/** @throws what the member was refused with */
export function answerOf<Answer>(outcome: Outcome<Answer>): Answer {
  if ("refusal" in outcome) throw outcome.refusal;
  return outcome.answer;
}
