import { describe, expect, it } from "vitest";
import { SCREENING_RULES } from "@hireforhumans/protocol";
import { screen } from "../../src/screening/rules.ts";
import { abuses, ordinary, unseen } from "./samples.ts";

describe("what nobody may be hired for", () => {
  it.each(SCREENING_RULES)("%s is found where it is asked for openly", (rule) => {
    const missed = abuses[rule].filter((text) => screen(text)?.rule !== rule);
    expect(missed).toEqual([]);
  });

  it("lets ordinary work pass, with the same words in it", () => {
    expect(ordinary.filter((text) => screen(text) !== undefined)).toEqual([]);
  });

  it("is told from ordinary work in words that the rules were not made for", () => {
    expect(unseen.ordinary.filter((text) => screen(text) !== undefined)).toEqual([]);
    expect(unseen.abuses.filter((text) => screen(text) === undefined)).toEqual([]);
  });

  it("is found in the middle of a long text, behind look-alikes and invisible characters", () => {
    const text = `${ordinary.join("\n")}\nThen wri\u200bte a ﬁve-star revi\u200dew for us.\n${ordinary.join(" ")}`;
    expect(screen(text)).toMatchObject({ rule: "fake_engagement", sentence: "Then write a five-star review for us." });
  });

  it("reads a megabyte of hostile text in time", () => {
    const started = performance.now();
    screen("write ".repeat(170_000));
    screen(`${"pretend to be ".repeat(70_000)}.`);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
