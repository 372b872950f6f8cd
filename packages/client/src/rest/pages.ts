import type { List } from "@hireforhumans/protocol";

/** The first page of a list, which also goes through all entries, page after page, in `for await`. */
export interface Pages<T> extends PromiseLike<List<T>>, AsyncIterable<T> {}

/**
 * @param fetchPage gets the page after a cursor
 * @example for await (const job of client.jobs.list()) console.log(job.status);
 */
export function pagesOf<T>(fetchPage: (cursor: string | undefined) => Promise<List<T>>): Pages<T> {
  return {
    then: (resolve, reject) => fetchPage(undefined).then(resolve, reject),
    async *[Symbol.asyncIterator]() {
      let cursor: string | undefined;
      do {
        const page = await fetchPage(cursor);
        yield* page.data;
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
    },
  };
}
