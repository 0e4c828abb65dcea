import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { CopiedRow } from "#server/store/postgres/copy-out.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { selectPageSql } from "#server/store/postgres/page-of.js";
import { RecentMap } from "#server/store/recent-map.js";
import { runSql, startTestPostgres, type TestPostgres } from "../support/postgres.js";
import {
  any,
  appendOk,
  logQuery,
  newEvent,
  newEvents,
  newStream,
  newTenant,
  readLogToEnd,
  someTime,
  streamQuery,
} from "../support/store-input.js";

let postgres: TestPostgres;
const logger = { warn: () => undefined };

beforeAll(async () => {
  // Nobody analyzes the tables: PostgreSQL plans with what it sees when a statement is prepared.
  postgres = await startTestPostgres({ autovacuum: "off", fsync: "off" });
});
afterAll(() => postgres[Symbol.asyncDispose]());

test("statements that were planned on an empty database do not read it whole when it has grown", async () => {
  const url = await postgres.newDatabase();
  const store = await openPostgresStore({ url, migrate: true, readConnections: 1, logger });
  const tenantId = newTenant();
  expect(await store.getEvent(tenantId, randomUUID())).toBe(undefined);
  for (let batch = 0; batch < 100; batch++) {
    // New streams at any version: what the batch needs to know has to be looked up.
    const intents = Array.from({ length: 64 }, () => {
      return { tenantId, stream: newStream(), expected: any, events: newEvents(1) };
    });
    const outcomes = await store.append(intents, someTime);
    expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
    await store.getHead(tenantId);
    expect(await store.getEvent(tenantId, randomUUID())).toBe(undefined);
  }
  await store.close();
  // 6,400 events and streams, each looked up once: one look that reads a tenant is 3,200 rows.
  await expect
    .poll(async () => {
      const rows = await runSql(
        url,
        `SELECT sum(idx_tup_read) + (SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'events')
           AS read, sum(idx_scan) AS scans
         FROM pg_stat_user_indexes WHERE relname = 'events'`,
      );
      return Number(rows[0]?.["scans"]) >= 6_400 && Number(rows[0]?.["read"]);
    })
    .toBeLessThan(20_000);
});

test("large metadata closes a page as large data does, also where it compresses well", async () => {
  const url = await postgres.newDatabase();
  const store = await openPostgresStore({ url, migrate: true, readConnections: 1, logger });
  const [tenantId, stream] = [newTenant(), newStream()];
  const metadata = { note: "a".repeat(900_000) };
  for (let i = 0; i < 40; i++) await appendOk(store, tenantId, stream, [newEvent({ metadata })]);

  const query = logQuery(tenantId, { maxEvents: 1_000, maxBytes: 1_048_576 });
  expect((await store.readLog(query)).events).toHaveLength(2);
  const { events } = await store.readStream(streamQuery(tenantId, stream, query));
  expect(events).toHaveLength(2);
  // Nor does PostgreSQL send much more than that.
  const page = selectPageSql({
    from: "annals.events",
    order: "position ASC",
    maxEvents: "1000",
    maxBytes: "1048576",
  });
  const [sent] = await runSql(
    url,
    `SELECT sum(octet_length(joined)) AS bytes FROM (${page}) AS page (joined)`,
  );
  expect(Number(sent?.["bytes"])).toBeGreaterThan(1_048_576);
  expect(Number(sent?.["bytes"])).toBeLessThan(3_000_000);
  expect((await readLogToEnd(store, query)).map((event) => event.metadata)).toEqual(
    Array.from({ length: 40 }, () => metadata),
  );
  await store.close();
});

test("a page of a log is joined in slices, and no further than there is room for", async () => {
  const url = await postgres.newDatabase();
  const store = await openPostgresStore({ url, migrate: true, readConnections: 1, logger });
  const tenantId = newTenant();
  const sizes = [200, 5_000, 40_000];
  for (const size of sizes) {
    const events = newEvents(1_000, { data: new Uint8Array(size) });
    await appendOk(store, tenantId, newStream(), events);
  }
  const queries = vi.spyOn(pg.Client.prototype, "query");
  const slicesFrom = async (from: bigint): Promise<number[]> => {
    queries.mockClear();
    await store.readLog(logQuery(tenantId, { from, maxEvents: 1_000, maxBytes: 1_048_576 }));
    const copies = queries.mock.calls.map(([query]) => query as { copied?: CopiedRow[] });
    return copies.flatMap(({ copied = [] }) => copied.map(([frames]) => frames?.length ?? 0));
  };
  const [small, middle, large] = [
    await slicesFrom(0n),
    await slicesFrom(1_000n),
    await slicesFrom(2_000n),
  ];
  queries.mockRestore();
  expect(small).toHaveLength(8); // of 128 events each, but for the last
  expect(Math.max(...small)).toBeLessThan(128 * 400);
  expect(Math.min(...small)).toBeGreaterThan(0);
  for (const [i, slices] of [middle, large].entries()) {
    const sum = slices.reduce((total, bytes) => total + bytes, 0);
    expect(sum).toBeGreaterThanOrEqual(1_048_576);
    expect(sum).toBeLessThan(1_048_576 + 128 * 6_000);
    expect(slices.filter((bytes) => bytes > 0)).toHaveLength(i === 0 ? 2 : 1);
  }
  await store.close();
});

test("no size of metadata makes a page skip an event", async () => {
  const url = await postgres.newDatabase();
  const store = await openPostgresStore({ url, migrate: true, readConnections: 1, logger });
  const [tenantId, stream] = [newTenant(), newStream()];
  const many = (value: string) =>
    Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`${i}`, value]));
  const kinds = [{}, many(""), many("x"), many("€".repeat(100)), many("\u0001".repeat(200))];
  const events = kinds.flatMap((metadata) =>
    Array.from({ length: 20 }, () => newEvent({ metadata, data: new Uint8Array(0) })),
  );
  await appendOk(store, tenantId, stream, events);
  for (const maxBytes of [1_000, 3_000, 10_000, 50_000, 200_000]) {
    const query = logQuery(tenantId, { maxBytes, maxEvents: 50 });
    const read = await readLogToEnd(store, query);
    expect(read.map((event) => event.eventId)).toEqual(events.map((event) => event.eventId));
  }
  await store.close();
});

test("what is kept of streams is bounded, and costs the same when it has to forget", () => {
  const map = new RecentMap<number>(10_000);
  const setNext = (from: number): number => {
    const started = performance.now();
    for (let i = from; i < from + 10_000; i++) map.set(`stream-${i}`, i);
    return performance.now() - started;
  };
  const rounds = Array.from({ length: 40 }, (_, round) => setNext(round * 10_000));
  expect([...map.entries()].length).toBeLessThanOrEqual(20_000);
  expect(map.get("stream-399999")).toBe(399_999);
  expect(map.get("stream-390001")).toBe(390_001);
  expect(map.get("stream-1")).toBe(undefined);
  const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1]!;
  expect(median(rounds.slice(20))).toBeLessThan(10 * median(rounds.slice(0, 20)));
});
