import { format } from "prettier";
import type { Mutant } from "./mutants.ts";
import type { Verdict } from "./state.ts";

export interface Result {
  mutant: Mutant;
  verdict: Exclude<Verdict, { outcome: "void" }>;
}

/** Why a mutant may survive, by its id; written by hand. */
export type Reasons = Record<string, string>;

export interface Report {
  seed: string;
  /** How many mutants the operators know. */
  known: number;
  results: Result[];
  reasons: Reasons;
}

/** The part of the mutants that were killed. */
export function killedPart(results: Result[]): number {
  return results.filter(({ verdict }) => verdict.outcome === "killed").length / results.length;
}

export function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

/** docs/mutation.md */
export async function pageOf(template: string, { seed, known, results, reasons }: Report): Promise<string> {
  const survivors = results.filter(({ verdict }) => verdict.outcome === "survived");
  const text = template
    .replace("{{options}}", `--count ${results.length} --seed ${seed}`)
    .replace("{{figure}}", `${percent(killedPart(results))} of ${results.length} mutants are killed`)
    .replace("{{draw}}", `seed \`${seed}\`, ${results.length} of the ${known} mutants that the operators know`)
    .replace(
      "{{contracts}}",
      countsBy("contract", results, ({ path }) => `[${path}](../${path})`),
    )
    .replace(
      "{{operators}}",
      countsBy("operator", results, ({ operator }) => operator),
    )
    .replace("{{survivors}}", survivors.map(({ mutant }) => survivorOf(mutant, reasons)).join("\n"));
  return await format(text, { parser: "markdown", printWidth: 120 });
}

function countsBy(title: string, results: Result[], groupOf: (mutant: Mutant) => string): string {
  const groups = [...Map.groupBy(results, ({ mutant }) => groupOf(mutant))].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `| ${title} | mutants | killed | |`,
    "| --- | ---: | ---: | ---: |",
    ...groups.map(([group, own]) => {
      const killed = own.filter(({ verdict }) => verdict.outcome === "killed").length;
      return `| ${group} | ${own.length} | ${killed} | ${percent(killedPart(own))} |`;
    }),
  ].join("\n");
}

function survivorOf({ id, path, line, scope, operator, original, mutated }: Mutant, reasons: Reasons): string {
  const change = `\`${original}\` → \`${mutated}\``;
  return `- \`${id}\` [${path}:${line}](../${path}#L${line}), ${scope}, ${operator}: ${change}\n  ${reasons[id] ?? "**Not explained yet.**"}`;
}
