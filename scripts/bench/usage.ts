import type { Figure } from "./figures.ts";
import type { StackUsage } from "./stack-process.ts";

/** Statements that are listed, the most frequent first. */
const LISTED = 12;

/** What each of so many jobs cost between two looks, by process; what it asked of the database goes to the console. */
export function usageFigures(
  name: string,
  what: string,
  jobs: number,
  before: StackUsage,
  after: StackUsage,
): Figure[] {
  const each = (part: (usage: StackUsage) => number) => (part(after) - part(before)) / Math.max(1, jobs);
  listStatements(what, jobs, before, after);
  return [
    {
      name: `${name}.cpu.gateway`,
      what: `CPU of ${what}, gateway and oracle`,
      value: each((u) => u.gatewayMs),
      unit: "ms",
    },
    { name: `${name}.cpu.database`, what: `CPU of ${what}, PostgreSQL`, value: each((u) => u.databaseMs), unit: "ms" },
    { name: `${name}.cpu.chain`, what: `CPU of ${what}, the chain's node`, value: each((u) => u.chainMs), unit: "ms" },
    { name: `${name}.statements`, what: `statements of ${what}`, value: each((u) => u.statements), unit: "" },
  ];
}

function listStatements(what: string, jobs: number, before: StackUsage, after: StackUsage): void {
  const most = Object.entries(after.statementsBy)
    .map(([text, count]): [string, number] => [text, count - (before.statementsBy[text] ?? 0)])
    .sort(([, a], [, b]) => b - a)
    .slice(0, LISTED);
  console.log(`\nStatements of ${what}:`);
  for (const [text, count] of most) console.log(`${(count / Math.max(1, jobs)).toFixed(2).padStart(8)}  ${text}`);
}
