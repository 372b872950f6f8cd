/** One line of the table. */
export interface Figure {
  /** Machine-readable, such as "creation.embedded.per_second". */
  name: string;
  /** What it is, for a reader. */
  what: string;
  value: number;
  unit: "ms" | "s" | "MiB" | "per second" | "";
  /** At most, or at least for what is per second; undefined where none was promised. */
  aim?: number | undefined;
}

/** The nearest rank: the least value that this share of the values does not pass. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new Error("nothing was measured, so there is no percentile of it");
  return value;
}

/** The middle and the slow end of many times, in milliseconds. */
export function timesOf(name: string, what: string, times: readonly number[], p99Aim?: number): Figure[] {
  return [
    { name: `${name}.p50`, what: `${what}, p50`, value: percentile(times, 0.5), unit: "ms" },
    { name: `${name}.p99`, what: `${what}, p99`, value: percentile(times, 0.99), unit: "ms", aim: p99Aim },
  ];
}

export const textOf = ({ value, unit }: Figure): string => `${rounded(value)}${unit === "" ? "" : ` ${unit}`}`;

const rounded = (value: number): string =>
  value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });

const met = ({ value, unit, aim }: Figure): string => {
  if (aim === undefined) return "";
  return (unit === "per second" ? value >= aim : value <= aim) ? "met" : "missed";
};

export function tableOf(figures: readonly Figure[]): string {
  return [
    "| what | figure | aim | |",
    "| --- | ---: | ---: | --- |",
    ...figures.map((figure) => {
      const aim = figure.aim === undefined ? "" : textOf({ ...figure, value: figure.aim });
      return `| ${figure.what} | ${textOf(figure)} | ${aim} | ${met(figure)} |`;
    }),
  ].join("\n");
}
