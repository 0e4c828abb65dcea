import { getEventListeners } from "node:events";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { noFilter } from "#server/domain/filter.js";
import { migrate } from "#server/store/postgres/migrate.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { allTenants, QueryPool } from "#server/store/postgres/query-pool.js";
import { sessionDefaults } from "#server/store/postgres/session.js";
import { StatementNames } from "#server/store/postgres/statement-names.js";
import type { Store } from "#server/store/store.js";
import { type AppRole, createAppRole } from "../support/postgres-grants.js";
import { runSql, startTestPostgres, type TestPostgres } from "../support/postgres.js";
import { appendOk, logQuery, newEvents, newStream, newTenant } from "../support/store-input.js";

const logger = { warn: () => undefined };
const [a, b] = [newTenant(), newTenant()];

let postgres: TestPostgres;
let url: string;
let app: AppRole;
let store: Store;

beforeAll(async () => {
  postgres = await startTestPostgres({ fsync: "off" });
  url = await postgres.newDatabase();
  await migrate(url);
  app = await createAppRole(url);
  store = await openPostgresStore({ url: app.url, readConnections: 1, logger });
  await appendOk(store, a, newStream(), newEvents(2));
  await appendOk(store, b, newStream(), newEvents(3));
});
afterAll(async () => {
  await store.close();
  await app.drop();
  await postgres[Symbol.asyncDispose]();
});

test("a query that forgets its WHERE sees the rows of its tenant only", async () => {
  const pool = new QueryPool(app.url, sessionDefaults, 1, new StatementNames(), logger);
  const seenBy = async (scope: string, table: string): Promise<string[]> => {
    const rows = await pool.query<[string]>(scope, `SELECT tenant_id FROM annals.${table}`, []);
    return rows.map(([tenantId]) => tenantId).toSorted();
  };
  // In turn, on one connection: nothing of one scope is left in the next.
  for (let round = 0; round < 2; round++) {
    expect(await seenBy(a, "events")).toEqual([a, a]);
    expect(await seenBy(b, "events")).toEqual([b, b, b]);
    expect(await seenBy(newTenant(), "events")).toEqual([]);
    expect(await seenBy("", "events")).toEqual([]);
    expect(await seenBy(allTenants, "events")).toEqual([a, a, b, b, b].toSorted());
    expect(await seenBy(a, "tenants")).toEqual([a]);
    await expect(seenBy("no tenant", "events")).rejects.toThrow();
  }
  await pool.close();
});

test("the application's role cannot pass: not unnamed, not by a view, a switch or the owner's name", async () => {
  const count = (from: string) => `SELECT count(*)::int AS n FROM annals.${from}`;
  expect(await runSql(app.url, count("events"))).toEqual([{ n: 0 }]);
  for (const sql of [
    count("events_json"),
    `SET row_security = off; ${count("events")}`,
    "ALTER TABLE annals.events DISABLE ROW LEVEL SECURITY",
    "DROP POLICY reads_own ON annals.events",
    "SET ROLE postgres",
  ]) {
    await expect(runSql(app.url, sql), sql).rejects.toMatchObject({ code: "42501" });
  }
  expect(await runSql(url, count("events_json"))).toEqual([{ n: 5 }]);
});

test("tenants whose reads share a connection, all at once, each see their own", async () => {
  const reads = Array.from({ length: 60 }, async (_, i) => {
    const tenantId = i % 2 === 0 ? a : b;
    const { events } = await store.readLog(logQuery(tenantId, { filter: noFilter }));
    expect(events).toHaveLength(tenantId === a ? 2 : 3);
    expect(new Set(events.map((event) => event.tenantId))).toEqual(new Set([tenantId]));
  });
  await Promise.all(reads);
});

test("what is copied out leaves nothing of its scope to the query behind it", async () => {
  const pool = new QueryPool(app.url, sessionDefaults, 1, new StatementNames(), logger);
  onTestFinished(() => pool.close());
  const text = "SELECT tenant_id FROM annals.events";
  const copy = `COPY (${text}) TO STDOUT (FORMAT binary)`;
  const queried = async (scope: string) => (await pool.query<[string]>(scope, text, [])).length;
  const copied = async (scope: string) => (await pool.copy(scope, copy, [""])).length;
  const count = { [a]: 2, [b]: 3, [allTenants]: 5 };
  for (const [one, other] of [
    [a, allTenants],
    [allTenants, a],
    [a, b],
  ] as const) {
    expect(await queried(one)).toBe(count[one]);
    expect(await copied(other)).toBe(count[other]);
    expect(await queried(one)).toBe(count[one]);
  }
});

test("reads leave no listener on a signal that lives long", async () => {
  const pool = new QueryPool(app.url, sessionDefaults, 1, new StatementNames(), logger);
  onTestFinished(() => pool.close());
  const { signal } = new AbortController();
  for (let i = 0; i < 3; i++) await pool.query(a, "SELECT 1", [], { signal });
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
