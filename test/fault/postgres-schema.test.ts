import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noFilter } from "#server/domain/filter.js";
import { maxInstant, minInstant } from "#server/domain/instant.js";
import { migrate } from "#server/store/postgres/migrate.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { migrations } from "#server/store/postgres/schema.js";
import type { Store } from "#server/store/store.js";
import { runSql, startTestPostgres, type TestPostgres } from "../support/postgres.js";
import {
  any,
  logQuery,
  newEvents,
  newStream,
  newTenant,
  readLogToEnd,
  someTime,
} from "../support/store-input.js";
import { createAppRole, grants } from "../support/postgres-grants.js";

let postgres: TestPostgres;
const logger = { warn: () => undefined };
const newest = migrations.length;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

async function writeAndRead(store: Store): Promise<void> {
  const tenantId = newTenant();
  const stream = newStream();
  const page = { maxEvents: 10, maxBytes: 10_000, direction: "forwards" } as const;
  for (let round = 0; round < 3; round++) {
    const events = newEvents(2);
    const [outcome] = await store.append([{ tenantId, stream, expected: any, events }], someTime);
    expect(outcome).toMatchObject({ ok: true });
    const again = await store.append([{ tenantId, stream, expected: any, events }], someTime);
    expect(again[0]).toMatchObject({ ok: true, deduplicated: true });
    expect(await store.getEvent(tenantId, events[0]!.eventId)).toBeDefined();
  }
  const log = { ...page, tenantId, from: 0n, to: 100n, filter: noFilter };
  expect((await store.readLog(log)).events).toHaveLength(6);
  expect((await store.readWholeLog({ ...log, from: "", to: "" })).events).not.toHaveLength(0);
  const range = { fromVersion: 1n, toVersion: 100n };
  expect((await store.readStream({ ...page, ...range, tenantId, stream })).events).toHaveLength(6);
  expect(await store.getStream(tenantId, stream)).toMatchObject({ version: 6n });
  expect(await store.isForeignStream(newTenant(), stream)).toBe(true);
  const key = { owner: tenantId, collection: "snapshots", name: "a" };
  expect(await store.records.put(key, new Uint8Array([1]), 0n, someTime)).toMatchObject({
    ok: true,
  });
  expect(await store.records.put(key, new Uint8Array([2]), 1n, someTime)).toMatchObject({
    ok: true,
  });
  expect(await store.records.list({ ...key, after: "", maxRecords: 1 })).toHaveLength(1);
  await store.records.delete(key);
  await store.check();
}

test("every earlier version migrates to the newest, and works", async () => {
  for (let version = 0; version <= newest; version++) {
    const url = await postgres.newDatabase();
    await migrate(url, version);
    expect(await migrate(url)).toBe(newest);
    const store = await openPostgresStore({ url, logger });
    await writeAndRead(store);
    await store.close();
  }
});

test("events that an older version wrote are read as they were written", async () => {
  const url = await postgres.newDatabase();
  await migrate(url, 5);
  const tenantId = newTenant();
  const written = Array.from({ length: 450 }, (_, i) => ({
    i: i + 1,
    occurredAt: i % 2 === 0 ? "0001-01-01 00:00:00+00" : "9999-12-31 23:59:59.999999+00",
    metadata: i % 3 === 0 ? '{"a":"\\"é","__proto__":"x","":""}' : "{}",
    tags: i % 4 === 0 ? `{"a,b","c\\"\\\\","NULL"}` : "{}",
    data: i % 5 === 0 ? "" : "00ff7b",
  }));
  for (const { i, occurredAt, metadata, tags, data } of written) {
    await runSql(
      url,
      `INSERT INTO annals.events VALUES ('${tenantId}', ${i}, ${i}, gen_random_uuid(), ${i}, '${occurredAt}',
         '2026-01-31 12:00:00.123456+00', 'Order', '1', 'OrderPlaced', 'a/b', 'c-${i}', '', '${tags}', '${metadata}', '\\x${data}')`,
    );
  }
  await runSql(
    url,
    `UPDATE annals.log_head SET global_position = 450, recorded_at = now();
     INSERT INTO annals.tenants VALUES ('${tenantId}', 450, now(), 0); SELECT 1`,
  );
  const columns = `position, global_position, aggregate_type, aggregate_id, aggregate_version, event_type, event_id,
    occurred_at, recorded_at, correlation_id, causation_id, tags, metadata, content_type, data_bytes, data`;
  const shown = () => runSql(url, `SELECT ${columns} FROM annals.events_json ORDER BY position`);
  const before = await shown();
  await migrate(url);
  expect(await shown()).toEqual(before);

  const store = await openPostgresStore({ url, logger });
  const events = await readLogToEnd(store, logQuery(tenantId));
  await store.close();
  expect(events).toEqual(
    written.map(({ i, occurredAt, metadata, tags, data }) => ({
      tenantId,
      position: BigInt(i),
      globalPosition: BigInt(i),
      eventId: before[i - 1]?.["event_id"],
      ...{ aggregateType: "Order", aggregateId: "1", aggregateVersion: BigInt(i) },
      eventType: "OrderPlaced",
      occurredAt: occurredAt.startsWith("0001") ? minInstant : maxInstant,
      recordedAt: 1_769_860_800_123_456n,
      ...{ contentType: "a/b", correlationId: `c-${i}`, causationId: "" },
      metadata: JSON.parse(metadata) as unknown,
      tags: tags === "{}" ? [] : ["a,b", 'c"\\', "NULL"],
      data: new Uint8Array(Buffer.from(data, "hex")),
    })),
  );
});

test("servers that start at once migrate once", async () => {
  const url = await postgres.newDatabase();
  const open = () => openPostgresStore({ url, migrate: true, logger });
  const stores = await Promise.all([open(), open(), open(), open()]);
  await Promise.all(stores.map(writeAndRead));
  await Promise.all(stores.map((store) => store.close()));
  const rows = await runSql(url, "SELECT version FROM annals.schema_version ORDER BY version");
  expect(rows).toEqual(migrations.map((_, i) => ({ version: i + 1 })));
});

test("an older schema is refused with the command that helps", async () => {
  const url = await postgres.newDatabase();
  await expect(openPostgresStore({ url, logger })).rejects.toThrow("annals migrate");
  await migrate(url, newest - 1);
  await expect(openPostgresStore({ url, logger })).rejects.toThrow("annals migrate");
});

test("a newer schema is refused, with and without migrating", async () => {
  const url = await postgres.newDatabase();
  await migrate(url);
  await runSql(url, `INSERT INTO annals.schema_version (version) VALUES (${newest + 1})`);
  await expect(openPostgresStore({ url, logger })).rejects.toThrow("newer server");
  await expect(openPostgresStore({ url, logger, migrate: true })).rejects.toThrow("newer server");
});

test("the application's role runs everything with the grants of the guide, and cannot change an event", async () => {
  const url = await postgres.newDatabase();
  await migrate(url);
  const app = await createAppRole(url);
  const store = await openPostgresStore({ url: app.url, logger });
  await writeAndRead(store);
  await store.close();
  for (const sql of [
    "UPDATE annals.events SET event_type = 'x'",
    "DELETE FROM annals.events",
    "TRUNCATE annals.events",
    "DELETE FROM annals.tenants",
    "DROP TABLE annals.events",
    "CREATE TABLE annals.more ()",
  ]) {
    await expect(runSql(app.url, sql), sql).rejects.toMatchObject({ code: "42501" });
  }
  await app.drop();
});

test("docker-compose.yml grants what the guide says", async () => {
  const compose = await readFile(new URL("../../docker-compose.yml", import.meta.url), "utf8");
  const granted = compose.split("\n").filter((line) => line.trim().startsWith("GRANT "));
  expect(granted.map((line) => `${line.trim()}\n`).join("")).toBe(await grants());
});

test("the operators' view shows JSON, and no data makes it fail", async () => {
  const url = await postgres.newDatabase();
  const store = await openPostgresStore({ url, migrate: true, logger });
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
  const contents: [string, Uint8Array, unknown][] = [
    ["application/json", bytes('{"a":1}'), { a: 1 }],
    ["application/vnd.order+json; charset=utf-8", bytes("[1]"), [1]],
    ["application/json", bytes("{"), null],
    ["application/json", bytes(""), null],
    ["application/json", bytes("\xff\xfe"), null],
    ["application/json", bytes('"\\u0000"'), null],
    ["application/json", bytes("[".repeat(100_000)), null],
    ["application/json", bytes("1e999999999"), null],
    ["application/json", bytes('{"a\u0000":1}'), null],
    ["application/x-protobuf", bytes("{}"), null],
  ];
  const events = contents.map(([contentType, data]) => {
    return {
      ...newEvents(1)[0]!,
      contentType,
      data,
      metadata: { by: "me" },
      tags: ["a,b", 'c"\\'],
    };
  });
  const tenantId = newTenant();
  await store.append([{ tenantId, stream: newStream(), expected: any, events }], someTime);
  const rows = await runSql(
    url,
    "SELECT data, metadata, tags FROM annals.events_json ORDER BY position",
  );
  expect(rows).toEqual(
    contents.map(([, , data]) => ({ data, metadata: { by: "me" }, tags: ["a,b", 'c"\\'] })),
  );
  expect((await store.getEvent(tenantId, events[0]!.eventId))?.tags).toEqual(["a,b", 'c"\\']);
  await store.close();
});
