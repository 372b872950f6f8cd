import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { krippendorffAlpha } from "../../src/review/krippendorff.ts";

const unitsOf = (...observers: string[]): string[][] =>
  Array.from(observers[0] ?? "", (_, unit) => observers.map((values) => values[unit] ?? ".")).map((values) =>
    values.filter((value) => value !== "."),
  );

const someUnits = fc.array(fc.array(fc.constantFrom("pass", "fail", "unclear"), { maxLength: 5 }), { maxLength: 20 });

describe("Krippendorff's alpha", () => {
  it("is what his own examples have it be", () => {
    // Krippendorff 2011, Computing Krippendorff's Alpha-Reliability: sections A, B and C with missing values.
    expect(krippendorffAlpha(unitsOf("0100000010", "1110010000"))).toBeCloseTo(0.095, 3);
    expect(krippendorffAlpha(unitsOf("aabbdcccedda", "babbbccceddd"))).toBeCloseTo(0.692, 3);
    const four = unitsOf("123321412...", "1233224125.3", ".3332342251.", "12332441251.");
    expect(krippendorffAlpha(four)).toBeCloseTo(0.743, 3);
  });

  it("is 1 where all agree, and nothing where nothing could have differed", () => {
    expect(krippendorffAlpha([["pass", "pass"], ["fail", "fail", "fail"], ["pass"]])).toBe(1);
    expect(krippendorffAlpha([["pass", "pass"], ["pass", "pass"], ["fail"]])).toBeNull();
    expect(krippendorffAlpha([["pass"], ["fail"], []])).toBeNull();
  });

  it("is below 0 where they differ more than by chance", () => {
    expect(krippendorffAlpha(Array.from({ length: 10 }, () => ["pass", "fail"]))).toBeLessThan(0);
  });

  it("doesn't mind the order or the names of values, nor units that one alone has seen", () => {
    fc.assert(
      fc.property(someUnits, (units) => {
        const alpha = krippendorffAlpha(units);
        const renamed = { pass: "a", fail: "b", unclear: "c" };
        const turned = [...units].reverse().map((unit) => unit.map((value) => renamed[value]).reverse());
        const again = krippendorffAlpha([...turned, ["a"]]);
        if (alpha === null) expect(again).toBeNull();
        else expect(again).toBeCloseTo(alpha, 9);
        expect(alpha ?? 0).toBeLessThanOrEqual(1);
      }),
    );
  });
});
