import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accuracyOf, leastAccuracyOf } from "../../src/review/accuracy.ts";

const records = fc.record({ goldenRight: fc.nat(500), goldenWrong: fc.nat(500) });

describe("a reviewer's accuracy", () => {
  it("begins at 4 in 5 and goes where the golden answers lead", () => {
    expect(accuracyOf({ goldenRight: 0, goldenWrong: 0 })).toBe(0.8);
    expect(accuracyOf({ goldenRight: 5, goldenWrong: 10 })).toBe(9 / 20);
    expect(accuracyOf({ goldenRight: 950, goldenWrong: 50 })).toBeCloseTo(0.95, 2);
  });

  it("has the lower ends of Wilson's interval that are published", () => {
    // Newcombe 1998, Two-Sided Confidence Intervals for the Single Proportion, table I, method 3.
    const published: [right: number, of: number, least: number][] = [
      [81, 263, 0.2553],
      [15, 148, 0.0624],
      [0, 20, 0],
      [1, 29, 0.0061],
    ];
    for (const [right, of, least] of published) {
      expect(leastAccuracyOf({ goldenRight: right, goldenWrong: of - right }, 1.959964)).toBeCloseTo(least, 4);
    }
  });

  it("is nothing yet, at least, for who has no record", () => {
    expect(leastAccuracyOf({ goldenRight: 0, goldenWrong: 0 }, 1.645)).toBe(0);
  });

  it("is a probability, which a right answer raises and a wrong one lowers", () => {
    fc.assert(
      fc.property(records, ({ goldenRight, goldenWrong }) => {
        const of = (right: number, wrong: number) => {
          const record = { goldenRight: goldenRight + right, goldenWrong: goldenWrong + wrong };
          return [accuracyOf(record), leastAccuracyOf(record, 1.645)] as const;
        };
        const [[mean, least], [better, leastBetter], [worse, leastWorse]] = [of(0, 0), of(1, 0), of(0, 1)];
        expect(mean).toBeGreaterThan(0);
        expect(better).toBeLessThan(1);
        expect(better).toBeGreaterThan(mean);
        expect(worse).toBeLessThan(mean);
        expect(least).toBeGreaterThanOrEqual(0);
        expect(leastBetter).toBeGreaterThan(least);
        expect(leastWorse).toBeLessThanOrEqual(least);
      }),
    );
  });
});
