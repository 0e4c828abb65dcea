import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { GrowthSignal } from "#server/store/postgres/growth-signal.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { sessionDefaults } from "#server/store/postgres/session.js";
import type { Store } from "#server/store/store.js";
import { runSql, startTestPostgres, type TestPostgres } from "../support/postgres.js";
import { appendOk, newEvents, newStream, newTenant } from "../support/store-input.js";

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

async function openTwo(): Promise<{ url: string; stores: [Store, Store]; warn: () => void }> {
  const url = await postgres.newDatabase();
  const warn = vi.fn();
  const options = { url, migrate: true, logger: { warn } };
  const stores: [Store, Store] = [
    await openPostgresStore(options),
    await openPostgresStore(options),
  ];
  onTestFinished(async () => {
    await Promise.all(stores.map((store) => store.close()));
  });
  return { url, stores, warn };
}

const append = (store: Store) => appendOk(store, newTenant(), newStream(), newEvents(1));

const listeners = `SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN annals_events'`;

test("a server is told at once of what another one has written, by a notification", async () => {
  // Without the poll: only a notification can tell.
  vi.useFakeTimers({ toFake: ["setInterval"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { url, stores } = await openTwo();
  const told = vi.fn();
  const unwatch = stores[1].watch(told);
  await expect.poll(() => runSql(url, listeners)).toHaveLength(1);
  await expect.poll(() => told.mock.calls.length).toBe(1); // it has just begun to listen
  for (let n = 2; n <= 4; n++) {
    await append(stores[0]);
    await expect.poll(() => told.mock.calls.length).toBe(n);
  }
  unwatch();
  await expect.poll(() => runSql(url, listeners)).toHaveLength(0);
});

test("a listening connection that is cut is made again, and tells of what came meanwhile", async () => {
  vi.useFakeTimers({ toFake: ["setInterval"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { url, stores, warn } = await openTwo();
  const told = vi.fn();
  stores[1].watch(told);
  for (let round = 0; round < 3; round++) {
    await expect.poll(() => runSql(url, listeners)).toHaveLength(1);
    const [old] = await runSql(url, listeners);
    told.mockClear();
    await runSql(url, `SELECT pg_terminate_backend(pid) FROM (${listeners}) AS l`);
    await append(stores[0]);
    await expect.poll(() => told.mock.calls.length).toBeGreaterThan(0);
    await expect
      .poll(async () => (await runSql(url, listeners))[0]?.["pid"] ?? old?.["pid"], {
        timeout: 5_000,
      })
      .not.toBe(old?.["pid"]);
    told.mockClear();
    await append(stores[0]);
    await expect.poll(() => told.mock.calls.length).toBeGreaterThan(0);
  }
  expect(warn).toHaveBeenCalled();
});

test("without any notification the poll tells", async () => {
  const { url, stores } = await openTwo();
  const told = vi.fn();
  stores[1].watch(told);
  await expect.poll(() => runSql(url, listeners)).toHaveLength(1);
  await append(stores[0]);
  told.mockClear();
  await expect.poll(() => told.mock.calls.length, { timeout: 5_000 }).toBeGreaterThan(1);
});

test("a database that is away is tried less and less often", async () => {
  const tries: number[] = [];
  const warn = () => void tries.push(performance.now());
  const signal = new GrowthSignal("postgres://127.0.0.1:1/none", sessionDefaults, { warn });
  signal.watch(() => undefined);
  onTestFinished(() => {
    signal.close();
  });
  await expect.poll(() => tries.length).toBe(5);
  expect(tries.at(-1)! - tries[0]!).toBeGreaterThan(1_000); // not 400
});
