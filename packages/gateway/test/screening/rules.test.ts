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

  it.each([
    ["broken into lines", "Write a five-star\nreview for our\r\n  restaurant."],
    ["in letters that look alike", "Wr\u0456te \u0430 f\u0456ve-st\u0430r revi\u0435w for us."],
    ["with accents", "Wríte a fíve-star revíew for us."],
    ["in marks of style", "Write a **five-star** _review_ for us."],
    ["in single letters", "Write a five-star r e v i e w for us."],
    ["in the words of a link", "See https://task.example/write-a-five-star-review-for-us"],
  ])("is found %s", (_, text) => {
    expect(screen(text)?.rule).toBe("fake_engagement");
  });

  it("does not take two points of a list for one sentence", () => {
    expect(
      screen("- Give the customer the refund\n- Positive words only\n- Comments go to the ticket"),
    ).toBeUndefined();
  });

  it("reads a megabyte of hostile text in time", () => {
    const started = performance.now();
    screen("write ".repeat(170_000));
    screen(`${"pretend to be ".repeat(70_000)}.`);
    screen("a ".repeat(250_000));
    screen("https://".repeat(60_000));
    screen(`${"*_".repeat(250_000)}a`);
    screen("a\n".repeat(250_000));
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
