import { describe, expect, it } from "vitest";
import { availabilityQuerySchema, pageQuerySchema } from "../src/index.ts";

describe("numbers in a query", () => {
  it("are decimal digits", () => {
    expect(pageQuerySchema.parse({}).limit).toBe(20);
    expect(pageQuerySchema.parse({ limit: "100" }).limit).toBe(100);
    expect(availabilityQuerySchema.parse({ min_reputation: "0.75" }).min_reputation).toBe(0.75);
  });

  it.each(["0x10", "1e1", "", " 5", "5 ", "+5", "-1", "0", "101", "1.5", "Infinity", "NaN", "٣"])(
    "%j is no limit",
    (limit) => {
      expect(pageQuerySchema.safeParse({ limit }).success).toBe(false);
    },
  );
});
