import { readFile } from "node:fs/promises";
import { format } from "prettier";
import { accuracies, attackedAccuracies, behaviours, type Figures } from "./experiments.ts";
import type { Appeals } from "./play.ts";

const TEMPLATE = new URL("section.md", import.meta.url);
const policies = ["nobody", "wronged side"] as const;

/** The section's text: the template with the figures in their places. */
export async function sectionOf(figures: Figures, seed: string): Promise<string> {
  const values: Record<string, string> = {
    cases: figures.cases.toLocaleString("en"),
    seed,
    "largest deviation": largestDeviation(figures),
    "attacker table": attackerTable(figures),
    "jurors table": jurorsTable(figures),
    "bribes table": bribesTable(figures),
    "disputes table": disputesTable(figures),
  };
  const template = await readFile(TEMPLATE, "utf8");
  const text = template.replace(/\{\{([^}]+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`section.md asks for ${name}, which is no figure`);
    return value;
  });
  return await format(text, { parser: "markdown", printWidth: 120 });
}

/** The page with this section between the markers of this name. @throws Error where it has not one of each */
export function withSection(page: string, section: string, name: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [before, rest, ...more] = page.split(begin);
  const [, after, ...others] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined || more.length + others.length > 0) {
    throw new Error(`the page needs one ${begin} and one ${end} after it, to put the figures between`);
  }
  return `${before}${begin}\n\n${section.trim()}\n\n${end}${after}`;
}

function attackerTable({ panels }: Figures): string {
  const parts = [0, 0.1, 0.2, 0.3, 0.4, 0.5];
  return table(
    ["attacker's stake", ...attackedAccuracies.map((accuracy) => `jurors right in ${percent(accuracy)}`)],
    parts.map((part) => [
      percent(part),
      ...attackedAccuracies.map((accuracy) => {
        const point = panels.find((each) => each.accuracy === accuracy && each.attacker === part);
        const exact = point?.bySize.map((each) => each.exact) ?? [];
        const product = exact.reduce((all, each) => all * each, 1);
        return [...exact, product].map((share) => digits(share, 1)).join(" / ");
      }),
    ]),
  );
}

function jurorsTable({ jurors }: Figures): string {
  return table(
    ["behaviour", "appeals", ...accuracies.map(percent)],
    Object.keys(behaviours).flatMap((behaviour) =>
      policies.map((appeals) => [
        behaviour,
        appeals,
        ...accuracies.map((accuracy) =>
          signed(
            jurors.find(
              (each) => each.behaviour === behaviour && each.appeals === appeals && each.accuracy === accuracy,
            )?.profit,
          ),
        ),
      ]),
    ),
  );
}

function bribesTable({ bribes }: Figures): string {
  return table(
    ["takers' stake", "appeals", "wrong rulings", "briber", "taker", "taker who is cheated", "honest juror"],
    [0.1, 0.3, 0.5, 0.7, 0.9].flatMap((takers) =>
      policies.map((appeals) => {
        const point = bribes.find((each) => each.takers === takers && each.appeals === appeals);
        const { wrong, briberProfit, takerProfit, cheatedProfit, honestProfit } = point ?? {};
        return [
          percent(takers),
          appeals,
          percent(wrong ?? NaN),
          ...[briberProfit, takerProfit, cheatedProfit, honestProfit].map(signed),
        ];
      }),
    ),
  );
}

function disputesTable({ disputes }: Figures): string {
  const parts = [...new Set(disputes.map(({ attacker }) => attacker))];
  const sorts = [...new Set(disputes.map(({ accuracy }) => accuracy))].flatMap((accuracy) =>
    policies.map((appeals): [number, Appeals] => [accuracy, appeals]),
  );
  return table(
    ["jurors right in", "appeals", ...parts.map(percent)],
    sorts.map(([accuracy, appeals]) => [
      percent(accuracy),
      appeals,
      ...parts.map((attacker) =>
        signed(
          disputes.find((each) => each.accuracy === accuracy && each.appeals === appeals && each.attacker === attacker)
            ?.profit,
        ),
      ),
    ]),
  );
}

/** In points of a hundred. */
function largestDeviation({ panels }: Figures): string {
  const deviations = panels.flatMap(({ bySize }) => bySize.map(({ wrong, exact }) => Math.abs(wrong - exact)));
  return digits(Math.max(...deviations), 1);
}

export function table([first = "", ...others]: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line([first, ...others]), line(["---", ...others.map(() => "---:")]), ...rows.map(line)].join("\n");
}

function percent(share: number): string {
  return `${digits(share, 0)} %`;
}

function signed(share = NaN): string {
  const text = digits(share, 0);
  return `${share > 0 && text !== "0" ? "+" : ""}${text === "-0" ? "0" : text} %`;
}

function digits(share: number, count: number): string {
  return (share * 100).toFixed(count);
}
