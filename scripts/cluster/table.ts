import { readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";
import type { Line } from "./scenario.ts";

const page = new URL("../../docs/many-gateways.md", import.meta.url);
const takeoverAimMs = 10_000;

const seconds = (ms: number | undefined): string => (ms === undefined ? "" : `${(ms / 1_000).toFixed(1)} s`);

export function tableOf(lines: readonly Line[]): string {
  return [
    "| what happens | requests | cut in flight | refused besides | lost | doubled | longest gap | takeover | slowest job |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...lines.map(({ what, requests, inFlight, refused, findings, longestGapMs, takeoverMs }) => {
      const { lost, doubled, slowestSeconds } = findings;
      const cells = [requests, inFlight, refused.length, lost.length, doubled.length, seconds(longestGapMs)];
      return `| ${what} | ${cells.join(" | ")} | ${seconds(takeoverMs)} | ${slowestSeconds.toFixed(1)} s |`;
    }),
  ].join("\n");
}

/** What must not be, in words. */
export function problemsOf({ refused, findings, takeoverMs, troubles }: Line): string[] {
  const { lost, doubled, unknown, unknownTransactions } = findings;
  return [
    ...refused.map((answer) => `refused: ${answer}`),
    ...lost.map((what) => `lost: ${what}`),
    ...doubled.map((what) => `doubled: ${what}`),
    ...unknown.map((id) => `on chain and not in the database: ${id}`),
    ...(unknownTransactions === 0 ? [] : [`transactions that the database does not know: ${unknownTransactions}`]),
    ...(takeoverMs !== undefined && takeoverMs > takeoverAimMs ? [`takeover took ${seconds(takeoverMs)}`] : []),
    ...troubles,
  ];
}

/** Puts the table in the place of the one under its heading; what else the page says is written by hand. */
export async function writePage(lines: readonly Line[]): Promise<void> {
  const text = await readFile(page, "utf8");
  const section = /(^### What several gateways do under faults\n\n)(?:\|.*\n)*\n?/m;
  if (!section.test(text))
    throw new Error('docs/many-gateways.md has no heading "### What several gateways do under faults"');
  const written = text.replace(section, (_, heading: string) => `${heading}${tableOf(lines)}\n\n`);
  await writeFile(page, await format(written, { parser: "markdown", printWidth: 150 }));
}
