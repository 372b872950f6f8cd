import { LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { accuracies, attackedAccuracies, behaviours, diligentAccuracy, type Figures } from "./experiments.ts";
import type { Appeals } from "./play.ts";

use([GridComponent, LegendComponent, LineChart, ScatterChart, SVGRenderer, TitleComponent]);

type Point = [x: number, y: number];

interface Series {
  name: string;
  /** Played: dots. */
  points: Point[];
  /** Calculated: a line without dots. Without it the dots are joined. */
  exact?: Point[];
}

export interface Facet {
  title: string;
  x: string;
  y: string;
  series: Series[];
  /** Of the y axis. */
  range: [min: number, max: number, step: number];
}

const FACET_PIXELS = { width: 300, height: 260 };
const MARGIN_PIXELS = { left: 70, right: 20, top: 70, bottom: 55 };
/** Okabe and Ito's colours, which most people can tell apart. */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];
const appealsTitles: Record<Appeals, string> = {
  nobody: "nobody appeals",
  "wronged side": "the wronged side appeals",
  "both sides": "both sides appeal",
};

/** The page's charts by file name: SVG texts, the same for the same figures. */
export function chartsOf(figures: Figures): Record<string, string> {
  return {
    "arbitration-accuracy.svg": accuracyChart(figures),
    "arbitration-attacker.svg": attackerChart(figures),
    "arbitration-jurors.svg": jurorsChart(figures),
    "arbitration-habit.svg": habitChart(figures),
    "arbitration-bribes.svg": bribesChart(figures),
    "arbitration-disputes.svg": disputesChart(figures),
  };
}

function accuracyChart({ panels }: Figures): string {
  const points = panels.filter(({ attacker }) => attacker === 0);
  return renderFacets([
    {
      title: "no attacker",
      x: "a juror is right, %",
      y: "wrong rulings, %",
      series: bySize(points, ({ accuracy }) => accuracy),
      range: [0, 100, 20],
    },
  ]);
}

function attackerChart({ panels }: Figures): string {
  return renderFacets(
    attackedAccuracies.map((accuracy) => ({
      title: `honest jurors are right in ${percent(accuracy)} %`,
      x: "the attacker's part of the stake, %",
      y: "wrong rulings, %",
      series: bySize(
        panels.filter((point) => point.accuracy === accuracy),
        ({ attacker }) => attacker,
      ),
      range: [0, 100, 20],
    })),
  );
}

function bySize(points: Figures["panels"], x: (point: Figures["panels"][number]) => number): Series[] {
  const sizes = points[0]?.bySize.map(({ seats }) => seats) ?? [];
  const sorted = [...points].sort((a, b) => x(a) - x(b));
  return sizes.map((seats, size) => ({
    name: `panel of ${seats}`,
    points: sorted.map((point): Point => [percent(x(point)), percent(point.bySize[size]?.wrong ?? NaN)]),
    exact: sorted.map((point): Point => [percent(x(point)), percent(point.bySize[size]?.exact ?? NaN)]),
  }));
}

function jurorsChart({ jurors }: Figures): string {
  return renderFacets(
    oneSided((appeals) => ({
      x: "the other jurors are right, %",
      y: "profit of a seat, % of the bond",
      series: Object.keys(behaviours).map((name) => ({
        name,
        points: jurors
          .filter((point) => point.appeals === appeals && point.behaviour === name)
          .map(({ accuracy, profit }): Point => [percent(accuracy), percent(profit)]),
      })),
      range: [-100, 50, 25],
    })),
  );
}

function habitChart({ habits }: Figures): string {
  return renderFacets(
    oneSided((appeals) => {
      const points = habits.filter((point) => point.appeals === appeals);
      const line = (name: string, y: (point: Figures["habits"][number]) => number): Series => ({
        name,
        points: points
          .filter((point) => !Number.isNaN(y(point)))
          .map((point): Point => [percent(point.habitual), percent(y(point))]),
      });
      return {
        x: "stake that always votes for the worker, %",
        y: "profit of a seat, % of the bond",
        series: [
          line(`diligent, right in ${percent(diligentAccuracy)} %`, ({ diligentProfit }) => diligentProfit),
          line("always for the worker", ({ habitualProfit }) => habitualProfit),
        ],
        range: [-75, 75, 25],
      };
    }),
  );
}

function bribesChart({ bribes }: Figures): string {
  const series = (y: (point: Figures["bribes"][number]) => number): Series[] =>
    (["nobody", "wronged side"] as const).map((appeals) => ({
      name: appealsTitles[appeals],
      points: bribes
        .filter((point) => point.appeals === appeals)
        .map((point): Point => [percent(point.takers), percent(y(point))]),
    }));
  const x = "stake that takes the bribe, %";
  return renderFacets([
    { title: "rulings", x, y: "wrong rulings, %", series: series(({ wrong }) => wrong), range: [0, 100, 20] },
    {
      title: "the briber's profit",
      x,
      y: "% of the reward",
      series: series(({ briberProfit }) => briberProfit),
      range: [-150, 150, 50],
    },
  ]);
}

function disputesChart({ disputes }: Figures): string {
  return renderFacets(
    oneSided((appeals) => ({
      x: "part of the stake it owns, %",
      y: "profit of the wrong side, % of the reward",
      series: accuracies.slice(0, 4).map((accuracy) => ({
        name: `jurors right in ${percent(accuracy)} %`,
        points: disputes
          .filter((point) => point.appeals === appeals && point.accuracy === accuracy)
          .map(({ attacker, profit }): Point => [percent(attacker), percent(profit)]),
      })),
      range: [-100, 250, 50],
    })),
  );
}

function oneSided(facet: (appeals: Appeals) => Omit<Facet, "title">): Facet[] {
  return (["nobody", "wronged side"] as const).map((appeals) => ({
    ...facet(appeals),
    title: appealsTitles[appeals],
  }));
}

function percent(share: number): number {
  return Math.round(share * 1000) / 10;
}

/** One chart of facets side by side, as an SVG text. */
export function renderFacets(facets: Facet[]): string {
  const { left, right, top, bottom } = MARGIN_PIXELS;
  const step = left + FACET_PIXELS.width + right;
  const size = { width: facets.length * step, height: top + FACET_PIXELS.height + bottom };
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  const lines = [...new Set(facets.flatMap(({ series }) => series.map(({ name }) => name)))];
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    color: COLORS,
    // Wider than they are measured, since the reader's font is not known here.
    legend: { data: lines, top: 5, icon: "circle", itemGap: 40 },
    title: facets.map(({ title }, index) => ({
      text: title,
      left: index * step + left + FACET_PIXELS.width / 2,
      top: 38,
      textAlign: "center",
      textStyle: { fontSize: 13 },
    })),
    grid: facets.map((_, index) => ({ left: index * step + left, top, ...FACET_PIXELS, containLabel: false })),
    xAxis: facets.map(({ x }, gridIndex) => ({
      ...axis(x, gridIndex),
      nameGap: 30,
      min: "dataMin",
      max: "dataMax",
    })),
    yAxis: facets.map(({ y, range: [min, max, interval] }, gridIndex) => ({
      ...axis(y, gridIndex),
      nameGap: 42,
      min,
      max,
      interval,
    })),
    series: facets.flatMap(({ series }, index) => series.flatMap((each) => seriesOf(each, index, lines))),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return stable(svg);
}

/** Without styles of what is pointed at, of no use in a picture, and with names not numbered by what was drawn before. */
function stable(svg: string): string {
  const plain = svg.replace(/ class="[^"]*"/g, "").replace(/<style[^]*<\/style>\n?/, "");
  return plain.replace(/\bzr\d+-/g, "") + "\n";
}

function axis(name: string, gridIndex: number) {
  return { type: "value", name, nameLocation: "middle", gridIndex, axisLine: { onZero: false } };
}

function seriesOf({ name, points, exact }: Series, index: number, lines: string[]) {
  const color = COLORS[lines.indexOf(name)];
  const common = { name, xAxisIndex: index, yAxisIndex: index, color, silent: true };
  const line = { ...common, type: "line", symbol: "circle", symbolSize: 5, data: points };
  if (exact === undefined) return [line];
  return [
    { ...common, type: "scatter", symbolSize: 6, data: points },
    { ...line, symbol: "none", data: exact },
  ];
}
