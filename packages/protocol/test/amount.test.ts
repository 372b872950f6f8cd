import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AmountError,
  feeOf,
  formatUsdc,
  MAX_AMOUNT,
  parseJsonBody,
  parseUsdc,
  totalOf,
  usdcAmount,
  usdcText,
} from "@hireforhumans/protocol";

const units = fc.bigInt({ min: 1n, max: MAX_AMOUNT });

function problemOf(value: string | number): string {
  try {
    return `accepted as ${parseUsdc(value)}`;
  } catch (error) {
    if (error instanceof AmountError) return error.problem;
    throw error;
  }
}

describe("parseUsdc", () => {
  it.each([
    ["15.00", 15_000_000n],
    ["12.0", 12_000_000n],
    [12, 12_000_000n],
    ["12", 12_000_000n],
    ["0.000001", 1n],
    ["007.5", 7_500_000n],
    [0.1, 100_000n],
    [0.3, 300_000n],
    [1.1, 1_100_000n],
    [8.2, 8_200_000n],
    [1.005, 1_005_000n],
    [4503599627.370497, 4_503_599_627_370_497n],
  ])("reads %j as %s base units", (value, expected) => {
    expect(parseUsdc(value)).toBe(expected);
  });

  it.each([
    ["1.1234567", "amount_too_precise"],
    ["0.0000001", "amount_too_precise"],
    [0.1 + 0.2, "amount_too_precise"],
    ["-1", "amount_negative"],
    [-0.5, "amount_negative"],
    ["-0", "amount_negative"],
    ["0", "amount_zero"],
    [0, "amount_zero"],
    [-0, "amount_zero"],
    ["0.000000", "amount_zero"],
    [NaN, "amount_malformed"],
    [Infinity, "amount_malformed"],
    [-Infinity, "amount_malformed"],
    ["NaN", "amount_malformed"],
    ["Infinity", "amount_malformed"],
    ["1e3", "amount_malformed"],
    ["1E3", "amount_malformed"],
    [1e21, "amount_malformed"],
    [1e-7, "amount_malformed"],
    ["", "amount_malformed"],
    [" 1", "amount_malformed"],
    ["1 ", "amount_malformed"],
    ["1\n", "amount_malformed"],
    ["+1", "amount_malformed"],
    ["0x10", "amount_malformed"],
    [".5", "amount_malformed"],
    ["5.", "amount_malformed"],
    ["1,000", "amount_malformed"],
    ["1_000", "amount_malformed"],
    ["1.2.3", "amount_malformed"],
    ["--1", "amount_malformed"],
    ["٣", "amount_malformed"],
    ["$5", "amount_malformed"],
    ["9".repeat(40), "amount_too_large"],
  ])("refuses %j: %s", (value, problem) => {
    expect(problemOf(value)).toBe(problem);
  });

  it("takes zero where zero is allowed", () => {
    expect(parseUsdc("0.00", { allowZero: true })).toBe(0n);
  });

  it("takes the largest reward of the escrow and not one base unit more", () => {
    expect(parseUsdc(formatUsdc(MAX_AMOUNT))).toBe(MAX_AMOUNT);
    expect(problemOf(formatUsdc(MAX_AMOUNT + 1n))).toBe("amount_too_large");
  });

  it("gives back every amount that formatUsdc wrote", () => {
    fc.assert(
      fc.property(units, (amount) => {
        expect(parseUsdc(formatUsdc(amount))).toBe(amount);
      }),
    );
  });

  it("reads a number as it reads the number's shortest decimal text", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 9 }), fc.integer({ min: 0, max: 6 }), (digits, decimals) => {
        const number = digits / 10 ** decimals;
        expect(problemOf(number)).toBe(problemOf(String(number)));
        expect(parseUsdc(number)).toBe(BigInt(digits) * 10n ** BigInt(6 - decimals));
      }),
    );
  });

  it("never gives an amount for text that is no plain decimal", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\d+(\.\d{1,6})?$/.test(text));
        expect(() => parseUsdc(text)).toThrow(AmountError);
      }),
    );
  });

  it("shows a long text only in part, so that an error can't be made arbitrarily long", () => {
    expect(() => parseUsdc("x".repeat(100_000))).toThrow(/^"x{40}…" is not an amount/);
  });
});

describe("formatUsdc", () => {
  it.each([
    [15_000_000n, "15.00"],
    [375_000n, "0.375"],
    [12_500_000n, "12.50"],
    [1n, "0.000001"],
    [0n, "0.00"],
    [1_000_100n, "1.0001"],
  ])("writes %s base units as %s", (amount, text) => {
    expect(formatUsdc(amount)).toBe(text);
  });

  it("writes 2 to 6 decimals, as the wire's schema says", () => {
    fc.assert(
      fc.property(units, (amount) => {
        expect(formatUsdc(amount)).toMatch(/^\d+\.\d{2,6}$/);
        expect(usdcText.safeParse(formatUsdc(amount)).success).toBe(true);
      }),
    );
  });

  it("refuses a negative amount", () => {
    expect(() => formatUsdc(-1n)).toThrow(RangeError);
  });
});

describe("feeOf", () => {
  it("is 2.5 % rounded down, never above the exact share and less than one base unit below", () => {
    fc.assert(
      fc.property(units, (reward) => {
        const fee = feeOf(reward);
        expect(fee * 10_000n <= reward * 250n && (fee + 1n) * 10_000n > reward * 250n).toBe(true);
        expect(totalOf(reward)).toBe(reward + fee);
      }),
    );
  });

  it("is nothing on a reward too small for it", () => {
    expect(feeOf(39n)).toBe(0n);
    expect(feeOf(40n)).toBe(1n);
  });
});

describe("usdcAmount", () => {
  it("gives base units, and names the rule that was broken", () => {
    expect(usdcAmount.parse("15.00")).toBe(15_000_000n);
    expect(usdcAmount.safeParse("1e3").error?.issues[0]).toMatchObject({ params: { code: "amount_malformed" } });
  });

  it.each([null, true, {}, [], ["15"]])("refuses %j, which is neither text nor number", (value) => {
    expect(usdcAmount.safeParse(value).success).toBe(false);
  });
});

describe("parseJsonBody", () => {
  it("keeps an amount as it was written, so that no float stands between caller and chain", () => {
    expect(parseJsonBody('{"reward": 1e3}')).toEqual({ reward: "1e3" });
    expect(parseJsonBody('{"reward": 0.1000000000000000055}')).toEqual({ reward: "0.1000000000000000055" });
    expect(parseJsonBody('{"reward": 12}')).toEqual({ reward: "12" });
  });

  it("leaves everything else alone", () => {
    const body = '{"deadline_minutes": 30, "metadata": {"reward": 5, "n": 1e3}, "list": [{"reward": 1}]}';
    expect(parseJsonBody(body)).toEqual(JSON.parse(body));
    expect(parseJsonBody("[1, 2]")).toEqual([1, 2]);
    expect(parseJsonBody("null")).toBeNull();
  });

  it("takes the last of two equal members, as JSON.parse does", () => {
    expect(parseJsonBody('{"reward": 5, "reward": "7"}')).toEqual({ reward: "7" });
  });

  it("throws on what is not JSON", () => {
    expect(() => parseJsonBody("{reward: 1}")).toThrow(SyntaxError);
  });
});
