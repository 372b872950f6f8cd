import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { errorsPage } from "../../../scripts/generate/errors-page.ts";
import {
  ApiError,
  codesOf,
  ERROR_CODES,
  ERRORS,
  isErrorCode,
  jobCreateSchema,
  problemSchema,
  requestErrorOf,
  type Route,
  routes,
} from "@hireforhumans/protocol";

const refusalOf = (schema: z.ZodType, value: unknown): ApiError => {
  const { error } = schema.safeParse(value);
  if (error === undefined) throw new Error("accepted");
  return requestErrorOf(error);
};

describe("the error table", () => {
  it("is what docs/errors.md says", async () => {
    const page = await readFile(new URL("../../../docs/errors.md", import.meta.url), "utf8");
    expect(page).toBe(await errorsPage());
  });

  it.each(ERROR_CODES)("tells of %s what it means and what to do", (code) => {
    const { status, title, meaning, remedy } = ERRORS[code];
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^[A-Z][^.]*$/);
    expect(meaning).toMatch(/^[A-Z].*\.$/);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
  });

  it("knows its codes and no others", () => {
    expect(isErrorCode("wrong_status")).toBe(true);
    expect(isErrorCode("toString")).toBe(false);
    expect(isErrorCode(undefined)).toBe(false);
  });
});

describe("ApiError", () => {
  it("is a problem document of its code's status", () => {
    const error = new ApiError("insufficient_funds", "The wallet holds 3.00 USDC; 15.375 are needed.", {
      param: "reward",
      extra: { shortfall: "12.375" },
    });
    const problem = error.toProblem("req-1");
    expect(problemSchema.parse(problem)).toEqual({
      type: "urn:hireforhumans:error:insufficient_funds",
      title: "Balance does not cover the job",
      status: 402,
      detail: "The wallet holds 3.00 USDC; 15.375 are needed.",
      code: "insufficient_funds",
      param: "reward",
      request_id: "req-1",
      shortfall: "12.375",
    });
  });

  it("never tells its cause", () => {
    const error = new ApiError("internal", "Something failed.", { cause: new Error("password is hunter2") });
    expect(JSON.stringify(error.toProblem("req-1"))).not.toContain("hunter2");
    expect((error.cause as Error).message).toContain("hunter2");
  });

  it("can't be made to lie about its code by extra members", () => {
    const error = new ApiError("not_found", "No such job.", { extra: { code: "internal", status: 200 } });
    expect(error.toProblem("req-1")).toMatchObject({ code: "not_found", status: 404 });
  });
});

describe("requestErrorOf", () => {
  const valid = { category: "billing", description: "Call back.", reward: "15.00", deadline_minutes: 30 };

  it.each([
    [{ ...valid, reward: "1.1234567" }, "amount_too_precise", "reward"],
    [{ ...valid, reward: "-3" }, "amount_negative", "reward"],
    [{ ...valid, reward: null }, "invalid_request", "reward"],
    [{ ...valid, rewardd: "3" }, "unknown_field", "rewardd"],
    [{ ...valid, deadline_minutes: 0 }, "invalid_request", "deadline_minutes"],
    [{ ...valid, deadline_minutes: 1.5 }, "invalid_request", "deadline_minutes"],
    [{ ...valid, description: undefined }, "invalid_request", "description"],
    [{ ...valid, languages: ["en", "klingon"] }, "unknown_language", "languages.1"],
    [{ ...valid, countries: { allowed: ["DE"] } }, "unknown_field", "countries.allowed"],
    [
      { ...valid, acceptance: { checks: [{ check: "http_confirmation", params: { url: "ftp://x" } }] } },
      "invalid_request",
      "acceptance.checks.0.params.url",
    ],
    [{ ...valid, context: { conversation_history: [{ role: 1 }] } }, "invalid_request", "context.conversation_history"],
    ["text", "invalid_request", undefined],
  ])("names code and field of %j", (body, code, param) => {
    const error = refusalOf(jobCreateSchema, body);
    expect(error.status).toBe(422);
    expect(error).toMatchObject({ code, param });
    if (param !== undefined) expect(error.message).toContain(param);
  });

  it("says what was wrong inside a union, not that it was wrong", () => {
    const error = refusalOf(jobCreateSchema, { ...valid, context: { conversation_history: [{ role: 1 }] } });
    expect(error.message).toContain("string");
    expect(error.message).not.toContain("Invalid input.");
  });

  it("says that a field is missing, and what it is", () => {
    const { category, reward, ...rest } = valid;
    expect(refusalOf(jobCreateSchema, { ...rest, reward }).message).toBe("category: is missing; expected string.");
    expect(refusalOf(jobCreateSchema, { ...rest, category }).message).toBe(
      "reward: is missing; expected string or number.",
    );
  });

  it("names every type that a field may have where the value is of none", () => {
    expect(refusalOf(jobCreateSchema, { ...valid, reward: null }).message).toBe(
      "reward: Invalid input: expected string or number, received null.",
    );
  });
});

describe("routes", () => {
  it("answer every code of the table somewhere, but for those of the chain and of misrouted requests", () => {
    const answered = new Set(Object.values<Route>(routes).flatMap(codesOf));
    const elsewhere = [
      "method_not_allowed",
      "nothing_to_withdraw",
      "already_revealed",
      "verdict_conflict",
      "verification_refused",
    ];
    expect(ERROR_CODES.filter((code) => !answered.has(code)).sort()).toEqual(elsewhere.sort());
  });
});
