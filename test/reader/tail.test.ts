import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Tail } from "#server/reader/tail.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { openSqliteStore } from "#server/store/sqlite/open.js";
import type { Store } from "#server/store/store.js";
import { startTestPostgres } from "../support/postgres.js";
import { any, newEvent, newStream, newTenant, someTime } from "../support/store-input.js";
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
