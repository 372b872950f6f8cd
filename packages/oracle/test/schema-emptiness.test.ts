import type { Json } from "@hireforhumans/protocol";
import { describe, expect, test } from "vitest";
import { emptinessOf } from "../src/schema-emptiness.ts";

describe("a schema that no value fits is told:", () => {
  test.each<Json>([
    false,
    { enum: [] },
    { not: {} },
    { type: "string", minLength: 5, maxLength: 4 },
    { type: "integer", minimum: 2, maximum: 1 },
    { allOf: [{ type: "string" }, { type: "object" }] },
    { type: "array", allOf: [{ type: "string" }] },
    { anyOf: [false, { enum: [] }] },
    { type: "object", required: ["id"], properties: { id: false } },
    {
      type: "object",
      required: ["a"],
      properties: { a: { type: "object", required: ["b"], properties: { b: { not: {} } } } },
    },
  ])("%j", (schema) => {
    expect(emptinessOf(schema)).toMatch(/./);
  });
});

describe("a schema that some value fits is not refused:", () => {
  test.each<Json>([
    true,
    {},
    { minLength: 5, maxLength: 4 },
    { type: ["string", "null"], minLength: 5, maxLength: 4 },
    { type: "object", properties: { id: false } },
    { type: "object", required: ["id"], properties: { id: { type: "string" } } },
    { required: ["id"], properties: { id: false } },
    { allOf: [{ type: "number" }, { type: "integer" }] },
    { anyOf: [false, { type: "string" }] },
    { not: { type: "string" } },
  ])("%j", (schema) => {
    expect(emptinessOf(schema)).toBeUndefined();
  });
});
