import pg from "pg";

/** How much of a statement's text tells it from others. */
const SHOWN = 70;

/** Counts what this process asks of PostgreSQL, by the beginning of each statement. Call it before anything connects. */
export function countStatements(): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its client below
  const query = pg.Client.prototype.query as (this: pg.Client, ...args: unknown[]) => unknown;
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [first] = args;
    const text = typeof first === "string" ? first : ((first as { text?: string } | undefined)?.text ?? "");
    const name = text.trim().replaceAll(/\s+/g, " ").slice(0, SHOWN);
    counted.set(name, (counted.get(name) ?? 0) + 1);
    return query.apply(this, args);
  } as typeof pg.Client.prototype.query;
  return counted;
}
