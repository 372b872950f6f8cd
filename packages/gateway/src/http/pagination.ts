import { ApiError } from "@hireforhumans/protocol";

/**
 * Where a page of ids starts: after the id in the cursor. Ids sort by their time of making, so lists order by id alone.
 * @param rest what stands behind the prefix, as a regular expression: a UUIDv7 in base 32
 * @throws ApiError cursor_invalid
 */
export function idAfter(
  cursor: string | undefined,
  idPrefix: string,
  rest = "[0-7][0-9a-hjkmnp-tv-z]{25}",
): string | undefined {
  if (cursor === undefined) return undefined;
  const id = Buffer.from(cursor, "base64url").toString("utf8");
  if (new RegExp(`^${idPrefix}_${rest}$`).test(id)) return id;
  throw new ApiError("cursor_invalid", "The cursor is not one that this list gave out.", { param: "cursor" });
}

/**
 * @param rows one more than `limit` where there are more
 * @returns the wire's list, with a cursor that starts behind the last of `rows`
 */
export function pageOf<Row extends { id: string }, Item>(
  rows: readonly Row[],
  limit: number,
  present: (row: Row) => Item,
) {
  const shown = rows.slice(0, limit);
  const has_more = rows.length > limit;
  const last = shown.at(-1);
  return {
    object: "list" as const,
    data: shown.map(present),
    has_more,
    next_cursor: has_more && last !== undefined ? Buffer.from(last.id).toString("base64url") : null,
  };
}
