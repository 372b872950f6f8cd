import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_REVIEWERS } from "@hireforhumans/protocol";
import { NO_RECORD } from "../../src/review/accuracy.ts";
import { judgeReviews, type PeerReview } from "../../src/review/judge.ts";

const said = (answer: PeerReview["answer"], goldenRight = 0, goldenWrong = 0): PeerReview => ({
  answer,
  reason: "The evidence shows it.",
  goldenRight,
  goldenWrong,
});

const judge = (answers: readonly PeerReview[], wanted: number, crowd = NO_RECORD) =>
  judgeReviews({ wanted, crowd, answers });

const reviews = fc.array(
  fc
    .record({ answer: fc.constantFrom("pass" as const, "fail" as const), right: fc.nat(200), wrong: fc.nat(200) })
    .map(({ answer, right, wrong }) => said(answer, right, wrong)),
  { maxLength: MAX_REVIEWERS },
);

describe("what reviews decide", () => {
  it("asks for as many as are wanted, whatever the first say", () => {
    expect(judge([], 2)).toMatchObject({ outcome: "more", needed: 2 });
    expect(judge([said("pass", 100, 0)], 3)).toMatchObject({ outcome: "more", needed: 2 });
  });

  it("is settled by two newcomers who agree, and goes on where they don't", () => {
    expect(judge([said("pass"), said("pass")], 2).outcome).toBe("pass");
    expect(judge([said("fail"), said("fail")], 2).outcome).toBe("fail");
    expect(judge([said("fail"), said("pass")], 2)).toMatchObject({ outcome: "more", needed: 1, posterior: 0.5 });
  });

  it("gives a reviewer who guesses no weight, however many there are", () => {
    const guesses = Array.from({ length: MAX_REVIEWERS }, () => said("pass", 50, 50));
    expect(judge(guesses, 2).outcome).toBe("undecided");
    expect(judge([said("fail", 40, 2), ...guesses.slice(2)], 2).posterior).toBeLessThan(0.2);
  });

  it("believes newcomers as far as their crowd is to be believed", () => {
    const poor = { goldenRight: 130, goldenWrong: 70 };
    expect(judge([said("pass"), said("pass")], 2, poor)).toMatchObject({ outcome: "more", needed: 1 });
    const known = [said("pass", 60, 2), said("pass", 60, 2)];
    expect(judge(known, 2, poor).outcome).toBe("pass");
  });

  it("settles nothing below 0.9, asks nobody beyond the fifth, and doesn't mind the order", () => {
    fc.assert(
      fc.property(reviews, fc.integer({ min: 0, max: MAX_REVIEWERS }), (given, wanted) => {
        const { outcome, posterior, needed } = judge(given, wanted);
        if (outcome === "pass") expect(posterior).toBeGreaterThanOrEqual(0.9);
        if (outcome === "fail") expect(posterior).toBeLessThanOrEqual(0.1 + 1e-12);
        expect(needed > 0).toBe(outcome === "more");
        expect(given.length + needed).toBeLessThanOrEqual(MAX_REVIEWERS);
        expect(judge([...given].reverse(), wanted).posterior).toBeCloseTo(posterior, 12);
        const turned = given.map((one) =>
          said(one.answer === "pass" ? "fail" : "pass", one.goldenRight, one.goldenWrong),
        );
        expect(judge(turned, wanted).posterior).toBeCloseTo(1 - posterior, 12);
      }),
    );
  });
});
