import { type Facet, renderFacets } from "../sim/charts.ts";
import type { Spam } from "./crowd.ts";
import type { Figures } from "./figures.ts";

const facets: { title: string; spammers: number; spam: Spam }[] = [
  { title: "no spammers", spammers: 0, spam: "guess" },
  { title: "40 % guess", spammers: 0.4, spam: "guess" },
  { title: "40 % always say pass", spammers: 0.4, spam: "always pass" },
];

/** Wrong answers where half of the evidence is good: an SVG text, the same for the same figures. */
export function chartOf(figures: readonly Figures[]): string {
  return renderFacets(
    facets.map(({ title, spammers, spam }): Facet => {
      const points = figures.filter((each) => each.good === 0.5 && each.spammers === spammers && each.spam === spam);
      const line = (name: string, right: (of: Figures) => number) => ({
        name,
        points: points.map((each): [number, number] => [percent(each.quality), percent(1 - right(each))]),
      });
      return {
        title,
        x: "others are right, %",
        y: "wrong answers, %",
        series: [
          line("single check", ({ single }) => single),
          line("majority at equal cost", ({ majority }) => majority),
          line("weighted vote", ({ vote }) => vote),
          line("batch estimate", ({ batch }) => batch),
        ],
        range: [0, 50, 10],
      };
    }),
  );
}

function percent(share: number): number {
  return Math.round(share * 1000) / 10;
}
