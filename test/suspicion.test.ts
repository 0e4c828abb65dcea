import { expect, test } from "vitest";
import { Suspicion } from "#server/interceptors/suspicion.js";

test("is raised once at the threshold, and again only after a quiet window", () => {
  const suspicion = new Suspicion({ threshold: 3, windowMs: 100, blockMs: 50 });
  const raised = [0, 10, 20, 30, 40].map((now) => suspicion.refused("a", now));
  expect(raised).toEqual([false, false, true, false, false]);
  expect(suspicion.blockedUntil("a", 60)).toBe(70);
  expect(suspicion.blockedUntil("b", 60)).toBeUndefined();
  expect([200, 201, 202].map((now) => suspicion.refused("a", now))).toEqual([false, false, true]);
});

test("refusals further apart than the window are never raised", () => {
  const suspicion = new Suspicion({ threshold: 2, windowMs: 100, blockMs: 0 });
  expect([0, 101, 202, 303].map((now) => suspicion.refused("a", now))).not.toContain(true);
});

test("watches a bounded number of subjects", () => {
  const suspicion = new Suspicion({ threshold: 2, windowMs: 100, blockMs: 0 });
  for (let i = 0; i < 10_100; i++) suspicion.refused(String(i), 0);
  expect(suspicion.size).toBe(10_000);
});
