import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { describe, expect, it } from "vitest";
import { type GoldenAnswer, isBadGoldenTask } from "../../src/review/golden.ts";

const proven = { goldenRight: 45, goldenWrong: 5 };
const given = (right: number, wrong: number, record = proven): GoldenAnswer[] => [
  ...Array.from({ length: right }, () => ({ right: true, ...record })),
  ...Array.from({ length: wrong }, () => ({ right: false, ...record })),
];

describe("a golden task", () => {
  it("is bad where good reviewers contradict it, not where one or two do", () => {
    expect(isBadGoldenTask([])).toBe(false);
    expect(isBadGoldenTask(given(0, 2))).toBe(false);
    expect(isBadGoldenTask(given(0, 4))).toBe(true);
    expect(isBadGoldenTask(given(20, 4))).toBe(false);
  });

  it("is bad where good reviewers are split over it", () => {
    expect(isBadGoldenTask(given(12, 12))).toBe(true);
  });

  it("is not bad because newcomers and guessers say so, however many", () => {
    expect(isBadGoldenTask(given(0, 100, { goldenRight: 0, goldenWrong: 0 }))).toBe(false);
    expect(isBadGoldenTask(given(0, 100, { goldenRight: 50, goldenWrong: 50 }))).toBe(false);
  });

  it("is hardly ever retired where it is sound, and soon where its answer is wrong", () => {
    const random = xoroshiro128plus(1);
    /** After how many answers it is retired. */
    const answersUntilBad = (accuracy: number): number => {
      const answers: GoldenAnswer[] = [];
      while (answers.length < 100 && !isBadGoldenTask(answers)) {
        answers.push({ right: uniformFloat64(random) < accuracy, ...proven });
      }
      return answers.length;
    };
    const sound = Array.from({ length: 1000 }, () => answersUntilBad(0.9));
    expect(sound.filter((count) => count < 100).length).toBeLessThanOrEqual(10);
    const wrong = Array.from({ length: 1000 }, () => answersUntilBad(0.1));
    expect(wrong.reduce((sum, count) => sum + count, 0) / wrong.length).toBeLessThan(6);
  });
});
