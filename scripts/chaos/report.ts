import { readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";
import type { Engine, Result } from "./campaign.ts";
import { type Point, points } from "./points.ts";

const page = new URL("../../docs/reliability.md", import.meta.url);
const engineNames: Record<Engine, string> = { postgres: "PostgreSQL", embedded: "embedded" };

const sumOf = (results: readonly Result[], count: (result: Result) => number) =>
  results.reduce((sum, result) => sum + count(result), 0).toLocaleString("en");

const longestOf = (results: readonly Result[]): string =>
  `${(Math.max(0, ...results.map(({ outcome }) => outcome.longestMs)) / 1_000).toFixed(1)} s`;

const countsOf = (results: readonly Result[]): string[] => [
  sumOf(results, ({ outcome }) => outcome.faults),
  sumOf(results, ({ outcome }) => outcome.jobs),
  sumOf(results, ({ outcome }) => outcome.lost.length),
  sumOf(results, ({ outcome }) => outcome.doubled.length),
  sumOf(results, ({ outcome }) => outcome.stuck.length),
  longestOf(results),
];

const rowOf = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

export function tableOf(results: readonly Result[]): string {
  const groups = Map.groupBy(results, ({ fault, engine }) => `${fault}, ${engineNames[engine]}`);
  const rows = [...groups].sort(([a], [b]) => a.localeCompare(b));
  return [
    rowOf(["fault", "faults injected", "jobs", "lost", "doubled", "stuck", "longest delay"]),
    rowOf(["---", "---:", "---:", "---:", "---:", "---:", "---:"]),
    ...rows.map(([name, of]) => rowOf([name, ...countsOf(of)])),
    rowOf(["**all**", ...countsOf(results)]),
  ].join("\n");
}

/** Of each point where a process dies: how often it did, and what must be true after. */
export function pointsTableOf(results: readonly Result[]): string {
  const of = (point: Point) => results.filter((result) => result.point === point);
  return [
    rowOf(["process", "dies at", "deaths", "then", "longest delay"]),
    rowOf(["---", "---", "---:", "---", "---:"]),
    ...points.map((point) => {
      const { victim, name, then } = point;
      return rowOf([victim, name, sumOf(of(point), ({ outcome }) => outcome.faults), then, longestOf(of(point))]);
    }),
  ].join("\n");
}

/** Puts the tables under their headings; what else the page says is written by hand. */
export async function writePage(sections: Readonly<Record<string, string>>): Promise<void> {
  let text = await readFile(page, "utf8");
  for (const [heading, content] of Object.entries(sections)) {
    const section = new RegExp(`(^### ${heading}\\n\\n)[^#]*`, "m");
    if (!section.test(text)) throw new Error(`docs/reliability.md has no heading "### ${heading}"`);
    text = text.replace(section, (_, start: string) => `${start}${content}\n\n`);
  }
  await writeFile(page, await format(text, { parser: "markdown", printWidth: 120 }));
}
