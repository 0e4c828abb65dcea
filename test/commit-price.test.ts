import { describe, expect, test } from "vitest";
import { CommitPrice } from "#server/store/commit-price.js";

/** What is enough for one commit when the last ones took so long, in milliseconds. */
function enoughAfter(...lastMs: readonly number[]): number {
  const price = new CommitPrice();
  for (const ms of lastMs) price.note(ms);
  return price.enough();
}

const many = (ms: number) => Array.from({ length: 200 }, () => ms);

describe("how many appends are enough for a commit", () => {
  test("few on a fast disk, more on a slow one", () => {
    expect(enoughAfter(...many(0.1))).toBe(16);
    const slow = enoughAfter(...many(10));
    expect(slow).toBeGreaterThan(100);
    expect(slow).toBeLessThan(150);
  });

  test("one slow commit among many does not count", () => {
    expect(enoughAfter(...many(10), 500)).toBeLessThan(1.1 * enoughAfter(...many(10)));
  });
});
