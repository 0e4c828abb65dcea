import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { bulkFill } from "#bench/contenders/bulk-fill.js";
import { parseTenantId } from "#server/domain/tenant.js";
import { migrate } from "#server/store/postgres/migrate.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { openSqliteStore } from "#server/store/sqlite/open.js";
import type { Store } from "#server/store/store.js";
import { startTestPostgres, type TestPostgres } from "../support/postgres.js";
import {
  appendOk,
  idsOf,
  logQuery,
  newEvents,
  readLogToEnd,
  readWholeLogToEnd,
  wholeLogQuery,
} from "../support/store-input.js";
import { tempFolder } from "../support/temp-folder.js";

const [events, streams, dataBytes] = [2_500, 7, 256];
const tenant = parseTenantId(randomUUID(), "tenant");
const context = { signal: new AbortController().signal, progress: () => undefined };
const logger = { error: () => undefined, warn: () => undefined };

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

const stores = {
  SQLite: async (): Promise<Store> => {
    const file = join(tempFolder(), "annals.db");
    await fill(`sqlite://${file}`);
    return openSqliteStore({ file, logger });
  },
  PostgreSQL: async (): Promise<Store> => {
    const url = await postgres.newDatabase();
    await migrate(url);
    await fill(url);
    return openPostgresStore({ url, logger });
  },
};

describe.each(Object.entries(stores))("a log filled inside %s", (_name, open) => {
  test("holds what a server would have written, and goes on from there", async () => {
    const store = await open();
    onTestFinished(() => store.close());

    const log = await readLogToEnd(store, logQuery(tenant));
    expect(log.map(({ position }) => position)).toEqual(log.map((_, i) => BigInt(i + 1)));
    expect(log).toHaveLength(events);
    expect(await readWholeLogToEnd(store, wholeLogQuery())).toEqual(log);
    expect(idsOf(log)).toEqual([...new Set(idsOf(log))].sort());
    const versions = new Map<string, bigint>();
    for (const event of log) {
      const version = (versions.get(event.aggregateId) ?? 0n) + 1n;
      expect(event.aggregateVersion).toBe(version);
      versions.set(event.aggregateId, version);
      expect(event.data).toHaveLength(dataBytes);
      expect(JSON.parse(Buffer.from(event.data).toString())).toHaveProperty("customer");
    }
    expect(versions.size).toBe(streams);
    expect((await store.getHead(tenant)).position).toBe(BigInt(events));

    const stream = { aggregateType: "Order", aggregateId: "order-00000003" };
    const next = await appendOk(store, tenant, stream, newEvents(1));
    expect(next.firstPosition).toBe(BigInt(events + 1));
    expect(next.version).toBe((versions.get("order-00000003") ?? 0n) + 1n);
    expect(next.recordedAt).toBeGreaterThanOrEqual(log.at(-1)?.recordedAt ?? 0n);
  });
});

/** In several statements, as a long log is. */
function fill(store: string): Promise<void> {
  return bulkFill({ store, tenant, events, streams, dataBytes, chunk: 1_000 }, context);
}
