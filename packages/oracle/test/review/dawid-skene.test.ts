import fc from "fast-check";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { describe, expect, it } from "vitest";
import { dawidSkene, type TaskAnswer } from "../../src/review/dawid-skene.ts";
import { publishedRates, publishedShares, ratings } from "./anaesthetists.ts";

const asPublished = { prior: { right: 0, wrong: 0 }, classPrior: 0, leastAnswers: 0 };

const batches = fc.array(
  fc.record({
    task: fc.constantFrom("1", "2", "3", "4"),
    reviewer: fc.constantFrom("ann", "bob", "cleo"),
    answer: fc.constantFrom("pass", "fail"),
  }),
  { minLength: 1, maxLength: 60 },
);

/** Reviewers with these accuracies answer so many tasks, of which the odd ones are good. */
function crowd(accuracies: number[], tasks: number): TaskAnswer[] {
  const random = xoroshiro128plus(7);
  return Array.from({ length: tasks }, (_, task) =>
    accuracies.map((accuracy, reviewer) => ({
      task: String(task),
      reviewer: String(reviewer),
      answer: (task % 2 === 1) === uniformFloat64(random) < accuracy ? "pass" : "fail",
    })),
  ).flat();
}

describe("Dawid and Skene's estimate", () => {
  it("has their published shares, error rates and patients", () => {
    const { shares, errorRates, posteriors, classes, converged } = dawidSkene(ratings, asPublished);
    expect(converged).toBe(true);
    expect(classes).toEqual(["1", "2", "3", "4"]);
    // They print two digits, of which the last is cut or rounded.
    shares.forEach((share, index) => expect(Math.abs(share - publishedShares[index]!)).toBeLessThan(0.01));
    for (const [observer, rows] of Object.entries(publishedRates)) {
      rows.forEach((row, truth) => {
        row.forEach((rate, answer) => {
          const found = errorRates.get(observer)?.[truth]?.[answer] ?? NaN;
          expect(Math.abs(found - rate), `observer ${observer}, ${truth + 1} as ${answer + 1}`).toBeLessThan(0.01);
        });
      });
    }
    // Table 4: all patients are certain but the seventh, and some that were rated one way by most are of another class.
    expect(posteriors.get("7")?.[0]).toBeCloseTo(0.98, 2);
    expect(posteriors.get("2")?.[3]).toBeCloseTo(1, 2);
    expect(posteriors.get("3")?.[1]).toBeCloseTo(1, 2);
    expect(posteriors.get("4")?.[1]).toBeCloseTo(1, 2);
    expect(posteriors.get("12")?.[2]).toBeCloseTo(1, 2);
  });

  it("finds who guesses and who is always wrong, and beats the majority by it", () => {
    const answers = crowd([0.9, 0.85, 0.5, 0.5, 0.2], 400);
    const { posteriors, errorRates, classes } = dawidSkene(answers);
    const pass = classes.indexOf("pass");
    const accuracy = (reviewer: string) => errorRates.get(reviewer)?.[pass]?.[pass] ?? NaN;
    expect(accuracy("0")).toBeGreaterThan(0.8);
    expect(accuracy("2")).toBeLessThan(0.65);
    expect(accuracy("4")).toBeLessThan(0.35);
    const rightOf = (says: (task: string) => boolean) =>
      [...posteriors.keys()].filter((task) => says(task) === (Number(task) % 2 === 1)).length;
    const passes = (task: string) => answers.filter((one) => one.task === task && one.answer === "pass").length;
    const ours = rightOf((task) => (posteriors.get(task)?.[pass] ?? 0) > 0.5);
    expect(ours).toBeGreaterThan(rightOf((task) => passes(task) >= 3) + 40);
  });

  it("describes who answered little by one coin", () => {
    const answers = crowd([0.9, 0.9, 0.9], 15);
    const symmetric = (matrix: readonly (readonly number[])[] = []) => matrix[0]?.[0] === matrix[1]?.[1];
    const coins = dawidSkene(answers);
    const matrices = dawidSkene(answers, { leastAnswers: 7 });
    expect([...coins.errorRates.values()].every(symmetric)).toBe(true);
    expect([...matrices.errorRates.values()].every(symmetric)).toBe(false);
  });

  it("believes known answers against all, and learns from them who is right", () => {
    const tasks = ["1", "2", "3", "4", "5", "6"];
    const answers = tasks.flatMap((task) => [
      { task, reviewer: "right", answer: Number(task) % 2 === 1 ? "pass" : "fail" },
      ...["wrong", "wrong too"].map((reviewer) => ({
        task,
        reviewer,
        answer: Number(task) % 2 === 1 ? "fail" : "pass",
      })),
    ]);
    const known = new Map([
      ["1", "pass"],
      ["2", "fail"],
      ["3", "pass"],
      ["4", "fail"],
    ]);
    const { posteriors, classes } = dawidSkene(answers, { known, prior: { right: 1, wrong: 1 } });
    const pass = classes.indexOf("pass");
    expect(posteriors.get("1")?.[pass]).toBe(1);
    expect(posteriors.get("5")?.[pass]).toBeGreaterThan(0.9);
    expect(posteriors.get("6")?.[pass]).toBeLessThan(0.1);
  });

  it("needs an answer", () => {
    expect(() => dawidSkene([])).toThrow("no answers: at least one is needed");
  });

  it("gives probabilities, whatever the order of the answers and the names of the classes", () => {
    const renamed: Record<string, string> = { pass: "a", fail: "b" };
    fc.assert(
      fc.property(batches, (answers) => {
        const one = dawidSkene(answers);
        expect(dawidSkene([...answers].reverse())).toEqual(one);
        const two = dawidSkene(answers.map((each) => ({ ...each, answer: renamed[each.answer]! })));
        for (const [task, posterior] of one.posteriors) {
          expect(posterior.reduce((sum, probability) => sum + probability, 0)).toBeCloseTo(1, 9);
          one.classes.forEach((name, index) => {
            expect(posterior[index]).toBeGreaterThanOrEqual(0);
            const there = two.posteriors.get(task)?.[two.classes.indexOf(renamed[name]!)];
            expect(there).toBeCloseTo(posterior[index] ?? NaN, 3);
          });
        }
      }),
    );
  });
});
