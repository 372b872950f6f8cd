import { expect } from "chai";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chartOf } from "../../scripts/oracle/chart.ts";
import { reviewersOf } from "../../scripts/oracle/crowd.ts";
import { measure } from "../../scripts/oracle/figures.ts";
import { sectionOf } from "../../scripts/oracle/section.ts";
import { randomOf } from "../../scripts/sim/random.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Hardhat's matchers take `closeTo` for whole numbers only. */
const expectNear = (actual: number, expected: number, tolerance: number) =>
  expect(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`).to.equal(
    true,
  );

describe("the bench of peer review", function () {
  this.timeout(120_000);

  it("tells the same for the same seed, and otherwise for another", async () => {
    const told = async (seed: string) => {
      const figures = measure(60, seed);
      return { chart: chartOf(figures), section: await sectionOf(figures, 60, seed) };
    };
    const first = await told("1");
    expect(await told("1")).to.deep.equal(first);
    expect(await told("2")).to.not.deep.equal(first);
  });

  it("counts a single check as right as the crowd is, and the golden tasks in the cost", () => {
    for (const { quality, spammers, spam, good, single, cost } of measure(500, "3")) {
      const spamRight = spam === "guess" ? 0.5 : good;
      expectNear(single, (1 - spammers) * quality + spammers * spamRight, 0.08);
      expectNear(cost, (2 + 5 / 0.9) / 2, (5 / 0.9 - 2) / 2);
    }
  });

  it("has reviewers who are right as often as is said, around their mean", () => {
    const random = randomOf("4", "crowd");
    const reviewers = reviewersOf({ quality: 0.75, spammers: 0.4, spam: "always pass", good: 0.5 }, random);
    const rights = reviewers.map(
      (reviewer) =>
        Array.from({ length: 500 }, () => reviewer.review("fail")).filter((said) => said === "fail").length / 500,
    );
    expect(rights.filter((right) => right === 0)).to.have.length(16);
    const diligent = rights.slice(16);
    expectNear(diligent.reduce((sum, right) => sum + right, 0) / diligent.length, 0.75, 0.02);
    expectNear(Math.min(...diligent), 0.6, 0.06);
    expectNear(Math.max(...diligent), 0.9, 0.06);
  });

  it("says of each row of docs/review.md where the majority is not beaten", async () => {
    const page = await readFile(`${root}docs/review.md`, "utf8");
    const rows = [...page.matchAll(/^\| right in .*\|$/gm)].map(([row]) => row.split("|").map((cell) => cell.trim()));
    expect(rows).to.have.length(40);
    for (const [column, name] of [
      [5, "weighted vote"],
      [6, "batch estimate"],
    ] as const) {
      const notBeaten = rows.filter((row) => Number(row[column]) < Number(row[4]));
      const told = new RegExp(`The ${name} beats the majority at equal cost in (?:all 40|(\\d+) of 40) rows`).exec(
        page,
      );
      expect(told, name).to.not.equal(null);
      expect(Number(told?.[1] ?? 40), name).to.be.at.most(40 - notBeaten.length);
    }
  });

  it("refuses options that it can't use", async () => {
    const run = (...options: string[]) =>
      promisify(execFile)(process.execPath, ["scripts/bench-oracle.ts", ...options], { cwd: root }).then(
        () => "",
        (error: unknown) => (error as { stderr: string }).stderr,
      );
    expect(await run("--jobs", "many")).to.include("--jobs must be a whole number from 1, it is many");
    expect(await run("--crowd", "5")).to.include("Unknown option '--crowd'");
  });
});
