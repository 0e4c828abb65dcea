import { expect, test, vi } from "vitest";
import { noFilter } from "#server/domain/filter.js";
import type { TenantId } from "#server/domain/tenant.js";
import { PageCache } from "#server/reader/page-cache.js";
import { createMemoryStore } from "#server/store/memory/open.js";
import type { LogQuery, Store } from "#server/store/store.js";
import {
  appendOk,
  highestPlace,
  newEvents,
  newStream,
  newTenant,
  oneTo,
  readLogToEnd,
  readWholeLogToEnd,
  wholeLogQuery,
} from "../support/store-input.js";

const pageEvents = 10;

async function storeOf(events: number): Promise<{ store: Store; tenantId: TenantId }> {
  const store = createMemoryStore();
  const tenantId = newTenant();
  if (events > 0) await appendOk(store, tenantId, newStream(), newEvents(events));
  return { store, tenantId };
}

function query(tenantId: TenantId, parts: Partial<LogQuery> = {}): LogQuery {
  return {
    ...{ tenantId, direction: "forwards", from: 0n, to: highestPlace, filter: noFilter },
    ...{ maxEvents: pageEvents, maxBytes: 1_000_000, ...parts },
  };
}

/** The cache as a store, so that the store's own helpers read through it. */
function through(store: Store, cache: PageCache): Store {
  return {
    ...store,
    readLog: (q, o) => cache.readLog(q, o),
    readWholeLog: (q, o) => cache.readWholeLog(q, o),
  };
}

test("readers from anywhere get what the store has, and meet in the same pages", async () => {
  const { store, tenantId } = await storeOf(95);
  const cache = new PageCache(store, { maxBytes: 1e9, pageEvents });
  const read = vi.spyOn(store, "readLog");
  for (const from of [0n, 7n, 10n, 93n, 95n, 200n]) {
    const events = await readLogToEnd(through(store, cache), query(tenantId, { from }));
    expect(events.map((e) => e.position)).toEqual(oneTo(95).filter((p) => p > from));
  }
  // 9 full pages once; a beginning of its own for the second; the short one at the end for each.
  expect(read.mock.calls.length).toBe(9 + 1 + 6);
  const whole = wholeLogQuery({ maxEvents: pageEvents });
  const events = await readWholeLogToEnd(through(store, cache), whole);
  expect(events.map((e) => e.globalPosition)).toEqual(oneTo(95));
});

test("many readers at once cost one read of the store", async () => {
  const { store, tenantId } = await storeOf(30);
  const cache = new PageCache(store, { maxBytes: 1e9, pageEvents });
  const read = vi.spyOn(store, "readLog");
  const pages = await Promise.all(Array.from({ length: 20 }, () => cache.readLog(query(tenantId))));
  expect(read).toHaveBeenCalledTimes(1);
  expect(new Set(pages.map((page) => page.events)).size).toBe(1);
});

test("an end that another reader found is not believed: the log may have grown since", async () => {
  const { store, tenantId } = await storeOf(3);
  const cache = new PageCache(store, { maxBytes: 1e9, pageEvents });
  const first = cache.readLog(query(tenantId));
  const grown = appendOk(store, tenantId, newStream(), newEvents(2));
  const second = cache.readLog(query(tenantId));
  await grown;
  expect((await first).events.length).toBeGreaterThanOrEqual(3);
  const page = await cache.readLog(query(tenantId));
  expect(page).toMatchObject({ atEnd: true, scannedTo: 5n });
  expect((await second).events.length).toBe(5);
});

test("a bound in the middle of a kept page is kept to", async () => {
  const { store, tenantId } = await storeOf(50);
  const cache = new PageCache(store, { maxBytes: 1e9, pageEvents });
  await readLogToEnd(through(store, cache), query(tenantId));
  for (const to of [0n, 1n, 9n, 10n, 11n, 20n, 49n, 50n]) {
    const events = await readLogToEnd(through(store, cache), query(tenantId, { to }));
    expect(events.map((e) => e.position)).toEqual(oneTo(Number(to)));
  }
  const whole = wholeLogQuery({ maxEvents: pageEvents });
  await readWholeLogToEnd(through(store, cache), whole);
  for (const to of [1n, 9n, 10n, 11n, 20n, 49n, 50n]) {
    const bounded = { ...whole, to: store.cursorOf(to) };
    const events = await readWholeLogToEnd(through(store, cache), bounded);
    expect(events.map((e) => e.globalPosition)).toEqual(oneTo(Number(to)));
  }
});

test("no more is kept than the bound says, the least used going first", async () => {
  const { store, tenantId } = await storeOf(100);
  const cache = new PageCache(store, { maxBytes: 4_500, pageEvents }); // three pages or so
  const read = vi.spyOn(store, "readLog");
  await readLogToEnd(through(store, cache), query(tenantId));
  const cold = read.mock.calls.length;
  await readLogToEnd(through(store, cache), query(tenantId, { from: 80n }));
  expect(read.mock.calls.length).toBe(cold + 1); // that nothing follows the last page, full
  await readLogToEnd(through(store, cache), query(tenantId));
  expect(read.mock.calls.length).toBeGreaterThan(cold + 7);
});

test("what is read again and again stays, what nobody reads goes", async () => {
  const { store, tenantId } = await storeOf(100);
  const cache = new PageCache(store, { maxBytes: 4_500, pageEvents }); // three pages or so
  const read = vi.spyOn(store, "readLog");
  for (const from of [10n, 20n, 30n, 40n, 50n]) {
    await cache.readLog(query(tenantId));
    await cache.readLog(query(tenantId, { from }));
  }
  expect(read.mock.calls.filter(([{ from }]) => from === 0n)).toHaveLength(1);
});

test("tenants, filters and other bounds never share a page", async () => {
  const { store, tenantId } = await storeOf(20);
  const other = newTenant();
  await appendOk(store, other, newStream(), newEvents(20));
  const cache = new PageCache(store, { maxBytes: 1e9, pageEvents });
  const ours = await cache.readLog(query(tenantId));
  const theirs = await cache.readLog(query(other));
  expect(new Set(ours.events.map((e) => e.tenantId))).toEqual(new Set([tenantId]));
  expect(new Set(theirs.events.map((e) => e.tenantId))).toEqual(new Set([other]));
  const filter = { ...noFilter, eventTypes: ["Never"] };
  expect((await cache.readLog(query(tenantId, { filter }))).events).toEqual([]);
  expect((await cache.readLog(query(tenantId, { maxBytes: 1 }))).events).toHaveLength(1);
  const backwards = query(tenantId, { direction: "backwards", from: highestPlace, to: 0n });
  expect((await cache.readLog(backwards)).events[0]?.position).toBe(20n);
});

test("a failed read is not kept", async () => {
  const { store, tenantId } = await storeOf(20);
  const cache = new PageCache(store, { maxBytes: 1e9, pageEvents });
  vi.spyOn(store, "readLog").mockRejectedValueOnce(new Error("no"));
  await expect(cache.readLog(query(tenantId))).rejects.toThrow("no");
  expect((await cache.readLog(query(tenantId))).events).toHaveLength(10);
});
