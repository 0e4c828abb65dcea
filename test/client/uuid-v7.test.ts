import { describe, expect, test } from "vitest";
import { createUuidV7, createUuidV7Source } from "#client/events/uuid-v7.js";
import { OrderShipped } from "../support/orders.js";

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const make = (count: number, next: () => string) => Array.from({ length: count }, () => next());
const timeOf = (id: string) => Number.parseInt(id.replace("-", "").slice(0, 12), 16);

/** Each is of version 7 and variant 10, and greater than the one before: so no two are the same. */
function expectRising(ids: readonly string[]): void {
  expect(ids.filter((id) => !pattern.test(id))).toEqual([]);
  expect(ids.filter((id, index) => id <= (ids[index - 1] ?? ""))).toEqual([]);
}

describe("UUIDv7s", () => {
  test("100,000 that are made in turn rise, and each is of its time", () => {
    const startMs = Date.now();
    const ids = make(100_000, createUuidV7);
    expectRising(ids);
    expect(timeOf(ids[0] ?? "")).toBeGreaterThanOrEqual(startMs);
    expect(timeOf(ids.at(-1) ?? "")).toBeLessThanOrEqual(Date.now() + 50);
  });

  test("events that are made in turn have rising ids", () => {
    expectRising(make(1_000, () => OrderShipped.create({ trackingNumber: "T" }).eventId));
  });

  test("2,000 fit in a millisecond; more run ahead of the clock, and rise", () => {
    const nowMs = 1_750_000_000_000;
    const next = createUuidV7Source(() => nowMs + 0.9);
    const ids = make(100_000, next);
    expectRising(ids);
    expect(new Set(ids.slice(0, 2_000).map(timeOf))).toEqual(new Set([nowMs]));
    expect(timeOf(ids.at(-1) ?? "") - nowMs).toBeLessThanOrEqual(50);
  });

  test("keep the last millisecond while the clock is behind it", () => {
    const clock = [5_000, 4_999, 0, 5_000, 5_001, 4_000, 6_000].values();
    const next = createUuidV7Source(() => clock.next().value ?? 0);
    const ids = make(7, next);
    expectRising(ids);
    expect(ids.map(timeOf)).toEqual([5_000, 5_000, 5_000, 5_000, 5_001, 5_001, 6_000]);
  });

  test("rise, whatever the clock does", () => {
    const next = createUuidV7Source(() => Math.random() * 1_000);
    expectRising(make(100_000, next));
  });

  test("of two sources differ within a millisecond", () => {
    const stopped = () => 0;
    const sources = [createUuidV7Source(stopped), createUuidV7Source(stopped)];
    const ids = sources.flatMap((next) => make(1_000, next));
    expect(new Set(ids).size).toBe(2_000);
  });
});
