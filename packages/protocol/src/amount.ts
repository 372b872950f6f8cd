import { z } from "zod";

/** USDC has six decimals: one USDC is a million base units. */
export const USDC_DECIMALS = 6;
export const ONE_USDC = 1_000_000n;

/** The fee in basis points of the reward; fixed in the escrow's code as well. */
export const FEE_BPS = 250n;

/** The largest reward the escrow takes (its MAX_REWARD), in base units. */
export const MAX_AMOUNT = (2n ** 96n - 1n) / 2n;

/** Why a text is no amount. These are codes of the error table too. */
export type AmountProblem =
  "amount_malformed" | "amount_negative" | "amount_zero" | "amount_too_precise" | "amount_too_large";

export class AmountError extends Error {
  override readonly name = "AmountError";
  readonly problem: AmountProblem;

  constructor(problem: AmountProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Reads an amount of USDC. A number is taken by its shortest decimal text (0.1 is "0.1"), never by arithmetic on it.
 * @returns base units (6 decimals)
 * @throws AmountError saying which rule the value breaks: plain decimal digits, at most 6 of them after the point,
 * not negative, not zero unless `allowZero`, at most `MAX_AMOUNT`.
 * @example parseUsdc("15.00") // 15_000_000n
 */
export function parseUsdc(value: string | number, { allowZero = false }: { allowZero?: boolean } = {}): bigint {
  const text = typeof value === "number" ? String(value) : value;
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  const match = DECIMAL.exec(text);
  if (match === null) {
    throw new AmountError(
      "amount_malformed",
      `${shown} is not an amount. Send plain decimal digits with a point, such as "15.00": no sign, exponent, unit or blank.`,
    );
  }
  const [, sign, whole = "", fraction = ""] = match;
  if (sign === "-") throw new AmountError("amount_negative", `${shown} is negative. An amount can't be.`);
  if (fraction.length > USDC_DECIMALS) {
    throw new AmountError(
      "amount_too_precise",
      `${shown} has ${fraction.length} decimals. USDC has ${USDC_DECIMALS}; send no more of them.`,
    );
  }
  const units = BigInt(whole + fraction.padEnd(USDC_DECIMALS, "0"));
  if (units > MAX_AMOUNT) {
    throw new AmountError("amount_too_large", `${shown} is above ${formatUsdc(MAX_AMOUNT)}, the largest amount.`);
  }
  if (units === 0n && !allowZero) throw new AmountError("amount_zero", `${shown} is zero. Send an amount above it.`);
  return units;
}

/**
 * @param units base units, zero or more
 * @returns decimal text with 2 to 6 decimals
 * @throws RangeError when negative
 * @example formatUsdc(375_000n) // "0.375"
 */
export function formatUsdc(units: bigint): string {
  if (units < 0n) throw new RangeError(`An amount can't be negative: ${units}`);
  const fraction = (units % ONE_USDC).toString().padStart(USDC_DECIMALS, "0");
  return `${units / ONE_USDC}.${fraction.replace(/0{1,4}$/, "")}`;
}

/** The fee on a reward, 2.5 % rounded down; both in base units. Paid on top of the reward. */
export function feeOf(reward: bigint): bigint {
  return (reward * FEE_BPS) / 10_000n;
}

/** What a job costs its client in base units: reward and fee. */
export function totalOf(reward: bigint): bigint {
  return reward + feeOf(reward);
}

function amountSchema(allowZero: boolean) {
  return z.union([z.string(), z.number()]).transform((value, context): bigint => {
    try {
      return parseUsdc(value, { allowZero });
    } catch (error) {
      if (!(error instanceof AmountError)) throw error;
      context.addIssue({ code: "custom", message: error.message, params: { code: error.problem } });
      return z.NEVER;
    }
  });
}

/** An amount above zero as callers send it; gives base units. */
export const usdcAmount = amountSchema(false).meta({
  description: "An amount of USDC above zero with at most 6 decimals, as decimal text or a JSON number.",
  example: "15.00",
});

/** An amount as callers send it where zero has a meaning; gives base units. */
export const usdcAmountOrZero = amountSchema(true).meta({
  description: "An amount of USDC, zero or more, with at most 6 decimals, as decimal text or a JSON number.",
  example: "0.00",
});

/** An amount as answers carry it: decimal text, as `formatUsdc` writes it. */
export const usdcText = z
  .string()
  .regex(/^\d+\.\d{2,6}$/)
  .meta({ description: "An amount of USDC as decimal text with 2 to 6 decimals.", example: "15.00" });

/** Top-level members of request bodies that hold amounts. */
const AMOUNT_MEMBERS = ["reward", "amount", "hourly_rate", "cap_per_job", "cap_total"];

type SourcedParse = (
  text: string,
  reviver: (this: object, key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

/**
 * `JSON.parse` for request bodies that keeps amounts as they were written: a bare `1e3` or `0.1000000000000000055`
 * reaches `usdcAmount` as that text, not as the float nearest to it. Runtimes that don't tell the source of a number
 * (before JSON.parse source text access) give the number itself.
 * @throws SyntaxError when the text is not JSON
 */
export function parseJsonBody(text: string): unknown {
  const sources = new Map<object, Map<string, string>>();
  const body = (JSON.parse as SourcedParse)(text, function (key, value, context) {
    if (typeof value === "number" && AMOUNT_MEMBERS.includes(key) && context.source !== undefined) {
      sources.set(this, (sources.get(this) ?? new Map<string, string>()).set(key, context.source));
    }
    return value;
  });
  if (typeof body === "object" && body !== null) {
    for (const [key, source] of sources.get(body) ?? []) Object.assign(body, { [key]: source });
  }
  return body;
}
