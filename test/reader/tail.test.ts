import { join } from "node:path";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { Tail } from "#server/reader/tail.js";
import { createMemoryStore } from "#server/store/memory/open.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { openSqliteStore } from "#server/store/sqlite/open.js";
import type { Store } from "#server/store/store.js";
import { startTestPostgres } from "../support/postgres.js";
import {
  any,
  appendOk,
  newEvent,
  newEvents,
  newStream,
  newTenant,
  someTime,
} from "../support/store-input.js";
import { tempFolder } from "../support/temp-folder.js";

const fail = (error: unknown): void => {
  throw error;
};
const logger = { error: fail, warn: fail };

const stores: Record<string, () => Promise<Store>> = {
  SQLite: () => openSqliteStore({ file: join(tempFolder(), "annals.db"), logger }),
  PostgreSQL: async () => {
    const postgres = await startTestPostgres();
    onTestFinished(() => postgres[Symbol.asyncDispose]());
    const url = await postgres.newDatabase();
    return openPostgresStore({ url, migrate: true, logger });
  },
};

test.each(Object.keys(stores))(
  "one event of a page, kept for its follower, does not keep the page: %s",
  async (name) => {
    const store = await stores[name]!();
    onTestFinished(() => store.close());
    const pages = { maxEvents: 1_000, maxBytes: 1_048_576 };
    const tail = new Tail(store, { maxBytes: 1_048_576, pages, onStoreError: fail });
    const followed = newTenant();
    const { tail: log, release } = await tail.follow(followed);
    onTestFinished(release);
    const data = Buffer.alloc(1_000, "x");
    const intents = Array.from({ length: 100 }, (_, i) => ({
      ...{ tenantId: i === 50 ? followed : newTenant(), stream: newStream(), expected: any },
      events: [newEvent({ data })],
    }));
    await store.append(intents, someTime);
    await expect.poll(() => log.newest, { timeout: 10_000 }).toBe(1n);
    const [event] = log.after(0n, () => true, 10).events;
    expect(Buffer.compare(event!.data, data)).toBe(0);
    expect(event!.data.buffer.byteLength).toBeLessThan(5_000);
  },
);

/** A tail over a memory store that can be made to fail, and that counts who watches it. */
function openTail(maxBytes = 1_000_000) {
  const memory = createMemoryStore();
  const state = { watching: 0, reads: 0, failing: false };
  const fails = async (): Promise<never> => {
    await turn();
    throw new Error("no disk");
  };
  const store: Store = {
    ...memory,
    watch: (onGrowth) => {
      state.watching++;
      const unwatch = memory.watch(onGrowth);
      return () => {
        state.watching--;
        unwatch();
      };
    },
    getWholeHead: (options) => (state.failing ? fails() : memory.getWholeHead(options)),
    readWholeLog: (query, options) => {
      state.reads++;
      return state.failing ? fails() : memory.readWholeLog(query, options);
    },
  };
  const onStoreError = vi.fn();
  const pages = { maxEvents: 10, maxBytes: 1_000_000 };
  return { tail: new Tail(store, { maxBytes, pages, onStoreError }), store, state, onStoreError };
}

test("when the last follower has gone nobody watches the store, and nothing is kept", async () => {
  const { tail, store, state } = openTail();
  const [a, b] = [newTenant(), newTenant()];
  const followed = await Promise.all([a, b, undefined].map((tenant) => tail.follow(tenant)));
  await appendOk(store, a, newStream(), newEvents(5));
  await expect.poll(() => tail.bytes).toBeGreaterThan(0);
  expect(state.watching).toBe(1);
  for (const { release } of followed) release();
  expect(tail.bytes).toBe(0);
  expect(state.watching).toBe(0);
  const again = await tail.follow(a);
  expect(again.tail).not.toBe(followed[0]!.tail);
  again.release();
});

test("one who lets go twice takes nothing from another", async () => {
  const { tail, state } = openTail();
  const tenantId = newTenant();
  const [one, other] = await Promise.all([tail.follow(tenantId), tail.follow(tenantId)]);
  one.release();
  one.release();
  expect(state.watching).toBe(1);
  other.release();
  expect(state.watching).toBe(0);
});

test("when the store could not tell where it ends the next follower asks anew", async () => {
  const { tail, state } = openTail();
  state.failing = true;
  await expect(tail.follow(newTenant())).rejects.toThrow("no disk");
  state.failing = false;
  const { release } = await tail.follow(newTenant());
  expect(state.watching).toBe(1);
  release();
  expect(state.watching).toBe(0);
});

test("a store that cannot be read is told of, read again after a while, and nothing is missed", async () => {
  const { tail, store, state, onStoreError } = openTail();
  const tenantId = newTenant();
  const followed = await tail.follow(tenantId);
  onTestFinished(followed.release);
  state.failing = true;
  await appendOk(store, tenantId, newStream(), newEvents(2));
  await expect.poll(() => onStoreError.mock.calls.length).toBeGreaterThan(0);
  const { reads } = state;
  await sleep(100);
  expect(state.reads - reads).toBeLessThan(3);
  state.failing = false;
  await expect.poll(() => followed.tail.newest).toBe(2n);
});

test("what is kept of the whole log is bounded too", async () => {
  const { tail, store } = openTail(1_000);
  const followed = await tail.follow(undefined);
  onTestFinished(followed.release);
  await appendOk(store, newTenant(), newStream(), newEvents(100));
  await expect.poll(() => followed.tail.newest).toBe(100n);
  expect(tail.bytes).toBeLessThanOrEqual(1_000);
  expect(followed.tail.isGone(0n)).toBe(true);
});
