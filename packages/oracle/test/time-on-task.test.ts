import { expect, test } from "vitest";
import { isHurried } from "../src/time-on-task.ts";
import { packetWith } from "./case.ts";

const turn = { role: "customer", content: "word ".repeat(1_000) };

test("evidence that came sooner than anybody reads the case is hurried", () => {
  const long = packetWith({ transcript: [turn] });
  expect(isHurried(long, 60)).toBe(true);
  expect(isHurried(long, 70)).toBe(false);
  expect(isHurried(packetWith({ transcript: [{ ...turn, content: [{ text: turn.content }] }] }), 60)).toBe(true);
});

test("a short case is never", () => {
  expect(isHurried(packetWith(), 0)).toBe(false);
});
