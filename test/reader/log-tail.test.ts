import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import type { RecordedEvent } from "#server/domain/event.js";
import { LogTail } from "#server/reader/log-tail.js";
import { newEvent, newTenant, oneTo, someTime } from "../support/store-input.js";

const tenantId = newTenant();
const { signal } = new AbortController();
const forever = { until: 1_000n, timeoutMs: 60_000, signal };

function eventAt(position: bigint, eventType = "Placed"): RecordedEvent {
  const place = { position, globalPosition: position, aggregateVersion: position };
  const stream = { aggregateType: "Order", aggregateId: "1" };
  const times = { occurredAt: someTime, recordedAt: someTime };
  return { ...newEvent({ eventType }), ...place, ...stream, ...times, tenantId };
}

function newTail(): LogTail {
  return new LogTail((event) => event.position, { maxEvents: 10, maxBytes: 1_000_000 });
}

/** @returns how many */
function wake(tail: LogTail): number {
  const wakers = tail.takeWakers();
  for (const wakeOne of wakers) wakeOne();
  return wakers.length;
}

const isPaid = ({ eventType }: RecordedEvent): boolean => eventType === "Paid";

test("a commit wakes only those that it concerns, and the others move on without a rescan", async () => {
  const tail = newTail();
  let looked = 0;
  const paid = tail.next(0n, (event) => (looked++, isPaid(event)), forever);
  const all = tail.next(0n, undefined, forever);
  tail.push(eventAt(1n));
  expect(wake(tail)).toBe(1);
  expect(await all).toBe(0n);
  for (const position of [2n, 3n]) {
    tail.push(eventAt(position));
    expect(wake(tail)).toBe(0);
  }
  expect(looked).toBe(3); // once each
  tail.push(eventAt(4n, "Paid"));
  expect(wake(tail)).toBe(1);
  expect(await paid).toBe(3n);
  expect(tail.after(3n, isPaid, 10).events.map((event) => event.position)).toEqual([4n]);
});

test("one who waits does not fall behind when what it has looked at is let go", async () => {
  const tail = newTail();
  const waiting = tail.next(0n, isPaid, forever);
  for (const position of oneTo(20)) {
    tail.push(eventAt(position));
    wake(tail);
    tail.drop(position);
  }
  tail.push(eventAt(21n, "Paid"));
  wake(tail);
  const place = await waiting;
  expect(place).toBe(20n);
  expect(tail.isGone(place)).toBe(false);
  expect(tail.isGone(19n)).toBe(true);
});

test("those who stand at the same place are given the same page", () => {
  const tail = newTail();
  for (const position of oneTo(15)) tail.push(eventAt(position));
  const page = tail.after(0n, undefined, 10);
  expect(page.events.map((event) => event.position)).toEqual(oneTo(10));
  expect(tail.after(0n, undefined, 10)).toBe(page);
  expect(tail.after(page.scannedTo, undefined, 10).events).toHaveLength(5);
});

test("one who may have less than a page is given no more than that", () => {
  const tail = newTail();
  for (const position of oneTo(10)) tail.push(eventAt(position));
  for (const most of [10, 3, 10]) {
    expect(tail.after(0n, undefined, most).events).toHaveLength(most);
  }
});

test("one who waits is woken by the bound, the time and the abort", async () => {
  const tail = newTail();
  const bounded = tail.next(0n, isPaid, { ...forever, until: 2n });
  for (const position of oneTo(2)) tail.push(eventAt(position));
  wake(tail);
  expect(await bounded).toBe(2n);
  expect(await tail.next(2n, isPaid, { ...forever, timeoutMs: 1 })).toBe(2n);
  const aborting = new AbortController();
  const aborted = tail.next(2n, isPaid, { ...forever, signal: aborting.signal });
  aborting.abort();
  await expect(aborted).rejects.toMatchObject({ failure: { reason: "cancelled" } });
  expect(tail.waiting).toBe(0);
});

test("what is let go is not kept by a page that was made of it", () => {
  const tail = newTail();
  for (const position of [1n, 2n]) tail.push(eventAt(position));
  expect(tail.after(0n, undefined, 10).events).toHaveLength(2);
  tail.drop(2n);
  expect(tail.after(0n, undefined, 10).events).toEqual([]);
});

test("one who waits again and again leaves no listener on its signal", async () => {
  const tail = newTail();
  const { signal: own } = new AbortController();
  for (let i = 0; i < 3; i++) {
    await tail.next(0n, undefined, { ...forever, timeoutMs: 1, signal: own });
  }
  expect(getEventListeners(own, "abort")).toEqual([]);
});
