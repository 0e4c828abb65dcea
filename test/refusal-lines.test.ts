import { expect, test } from "vitest";
import { RefusalLines } from "#server/interceptors/refusal-lines.js";

test("of what a limit refuses there is one line a second, with a count", () => {
  const lines = new RefusalLines();
  expect([0, 1, 999].map((now) => lines.count("a", now))).toEqual([1, undefined, undefined]);
  expect(lines.count("b", 999)).toBe(1);
  expect(lines.count("a", 1_000)).toBe(3);
  expect(lines.count("a", 2_000)).toBe(1);
});
