import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { findGaps, follow, tenantReader, wholeReader } from "../support/log-check.js";
import { startWriter } from "../support/postgres-writer.js";
import { frameInSql } from "../support/postgres-frame.js";
import { runSql, startTestPostgres, type TestPostgres } from "../support/postgres.js";

let postgres: TestPostgres;
const logger = { warn: () => undefined };

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

test("readers of every log miss nothing and repeat nothing while three servers write and one transaction stands open", async () => {
  const url = await postgres.newDatabase();
  const tenants = [randomUUID(), randomUUID(), randomUUID()];
  const store = await openPostgresStore({ url, migrate: true, logger });
  let over = false;
  const readers = [wholeReader(store), ...tenants.map((tenant) => tenantReader(store, tenant))];
  const following = readers.map((reader) => follow(reader, () => over));

  const task = { url, callers: 16, tenants };
  const writers = await Promise.all([1, 2, 3].map(() => startWriter(task)));
  await sleep(1_500);
  for (const tenant of tenants) {
    await appendByHand(url, tenant, 700);
    await sleep(300);
  }
  await sleep(500);
  await Promise.all(writers.map((writer) => writer.kill()));
  await untilQuiet(url);
  over = true;

  const [whole, ...ofTenants] = await Promise.all(following);
  const count = async (where: string): Promise<number> =>
    Number((await runSql(url, `SELECT count(*) FROM annals.events WHERE ${where}`))[0]?.["count"]);
  expect(findGaps(whole!, await count("true"))).toEqual([]);
  for (const [i, tenant] of tenants.entries()) {
    expect(findGaps(ofTenants[i]!, await count(`tenant_id = '${tenant}'`))).toEqual([]);
  }
  expect(writers.flatMap(({ surprises }) => surprises)).toEqual([]);
  for (const { acknowledged } of writers) expect(acknowledged.length).toBeGreaterThan(50);
  await store.close();
}, 60_000);

test("the check sees the events that a reader misses when a sequence hands out positions", async () => {
  const url = await postgres.newDatabase();
  await runSql(url, "CREATE TABLE toy (position bigserial PRIMARY KEY)");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const readOn = async (after: bigint): Promise<bigint[]> => {
    const { rows } = await client.query<{ position: string }>(
      "SELECT position FROM toy WHERE position > $1 ORDER BY position",
      [after],
    );
    return rows.map(({ position }) => BigInt(position));
  };
  let over = false;
  const following = follow(readOn, () => over);
  const slow = runSql(
    url,
    "BEGIN; INSERT INTO toy DEFAULT VALUES; SELECT pg_sleep(0.5); COMMIT; SELECT 1",
  );
  await sleep(200);
  for (let i = 0; i < 20; i++) await runSql(url, "INSERT INTO toy DEFAULT VALUES");
  await slow;
  over = true;
  const seen = await following;
  expect(findGaps(seen, 21)).toContain("read 20 events of 21");
  await client.end();
});

/** An append as the store makes one, but slow: its positions are taken long before it commits. */
async function appendByHand(url: string, tenant: string, holdMs: number): Promise<void> {
  await runSql(
    url,
    `BEGIN;
    UPDATE annals.log_head SET global_position = global_position + 1,
      recorded_at = greatest(recorded_at, now()), batch = (random() * 1e15)::bigint;
    UPDATE annals.tenants SET position = position + 1 WHERE tenant_id = '${tenant}';
    SELECT pg_sleep(${holdMs / 1000});
    INSERT INTO annals.events
      SELECT tenant_id, position, global_position, gen_random_uuid(), 1, log_head.recorded_at,
        'Slow', gen_random_uuid()::text, 'SlowDone', '{}', ${frameInSql("position")}
      FROM annals.tenants, annals.log_head WHERE tenant_id = '${tenant}';
    COMMIT; SELECT 1`,
  );
}

/** Waits until no writer's transaction is left: PostgreSQL notices a killed client a little later. */
async function untilQuiet(url: string): Promise<void> {
  let last = "";
  for (;;) {
    const [row] = await runSql(url, "SELECT global_position FROM annals.log_head");
    const now = String(row?.["global_position"]);
    if (now === last) return;
    last = now;
    await sleep(300);
  }
}
