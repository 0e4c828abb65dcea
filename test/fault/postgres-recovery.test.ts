import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { AnnalsError } from "#server/domain/error.js";
import { openPostgresStore, type PostgresStoreOptions } from "#server/store/postgres/open.js";
import type { AppendIntent, AppendOutcome, Store } from "#server/store/store.js";
import { openCuttingProxy } from "../support/cutting-proxy.js";
import { runSql, startTestPostgres, type TestPostgres } from "../support/postgres.js";
import { any, newEvents, newStream, newTenant, someTime } from "../support/store-input.js";

let postgres: TestPostgres;
let url: string;
const logger = { warn: () => undefined };

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());
beforeEach(async () => {
  url = await postgres.newDatabase();
});

const tenantId = newTenant();
const newIntent = (): AppendIntent => {
  return { tenantId, stream: newStream(), expected: any, events: newEvents(2) };
};

async function withStore(
  options: Partial<PostgresStoreOptions>,
  use: (store: Store) => Promise<void>,
): Promise<void> {
  const store = await openPostgresStore({ url, migrate: true, logger, ...options });
  try {
    await use(store);
  } finally {
    await store.close();
  }
}

async function append(store: Store, intent: AppendIntent): Promise<AppendOutcome> {
  const [outcome] = await store.append([intent], someTime);
  return outcome!;
}

/** Asserts "unavailable", with or without doubt. */
async function expectUnavailable(work: Promise<unknown>, outcomeUnknown: boolean): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AnnalsError);
  expect((error as AnnalsError).failure).toMatchObject({ reason: "unavailable", outcomeUnknown });
}

/** Holds something until released. */
async function hold(sql: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`BEGIN; ${sql}`);
  return () => client.end();
}

test("a connection cut while it commits leaves doubt, and the same append again resolves it", async () => {
  await using proxy = await openCuttingProxy(url);
  await withStore({ url: proxy.url }, async (store) => {
    await append(store, newIntent());
    await append(store, newIntent());
    // The first batches look before they write; an append to a known stream is one statement.
    const known = { ...newIntent(), expected: { kind: "no_stream" } } as const;
    proxy.cutNextAnswer();
    await expectUnavailable(append(store, known), true);
    expect(await append(store, known)).toMatchObject({ ok: true, deduplicated: true, version: 2n });
  });
});

test("a connection cut before the commit leaves no doubt", async () => {
  await using proxy = await openCuttingProxy(url);
  await withStore({ url: proxy.url }, async (store) => {
    await append(store, newIntent());
    proxy.cutNextAnswer();
    const intent = newIntent();
    await expectUnavailable(append(store, intent), false);
    expect(await append(store, intent)).toMatchObject({ ok: true, deduplicated: false });
  });
});

test("connections that PostgreSQL terminates are replaced", async () => {
  await withStore({}, async (store) => {
    await append(store, newIntent());
    await store.getHead(tenantId);
    await runSql(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'annals'`,
    );
    await expect
      .poll(() =>
        append(store, newIntent()).then(
          (outcome) => outcome.ok,
          () => false,
        ),
      )
      .toBe(true);
    await expect
      .poll(() =>
        store.getHead(tenantId).then(
          ({ position }) => position,
          () => 0n,
        ),
      )
      .toBe(4n);
  });
});

test("a server that became read-only refuses appends without doubt, answers reads, and is not healthy", async () => {
  await withStore({}, async (store) => {
    await append(store, newIntent());
    const name = new URL(url).pathname.slice(1);
    const setReadOnly = (value: "on" | "off"): Promise<unknown> =>
      runSql(
        url,
        `SET TRANSACTION READ WRITE;
         ALTER DATABASE ${name} SET default_transaction_read_only = ${value};
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
    await setReadOnly("on");
    await expect.poll(() => store.getHead(tenantId).catch(() => undefined)).toBeDefined();
    await append(store, newIntent()).catch(() => undefined);
    await expectUnavailable(append(store, newIntent()), false);
    await expectUnavailable(store.check(), false);
    await setReadOnly("off");
    await expect
      .poll(() =>
        store.check().then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await expect
      .poll(() =>
        append(store, newIntent()).then(
          (outcome) => outcome.ok,
          () => false,
        ),
      )
      .toBe(true);
  });
});

test("an append waits for the log's head a bounded time", async () => {
  await withStore({ lockTimeoutMs: 200 }, async (store) => {
    await append(store, newIntent());
    const release = await hold("SELECT 1 FROM annals.log_head FOR UPDATE");
    await expectUnavailable(append(store, newIntent()), false);
    await release();
    expect((await append(store, newIntent())).ok).toBe(true);
  });
});

test("a statement that takes too long ends, for appends and reads", async () => {
  await withStore({ lockTimeoutMs: 0, statementTimeoutMs: 200 }, async (store) => {
    await append(store, newIntent());
    const release = await hold("LOCK TABLE annals.events IN ACCESS EXCLUSIVE MODE");
    await expectUnavailable(append(store, newIntent()), false);
    await expectUnavailable(store.getEvent(tenantId, newEvents(1)[0]!.eventId), false);
    await release();
    expect((await append(store, newIntent())).ok).toBe(true);
  });
});

test("a read waits for a connection of the pool a bounded time", async () => {
  await withStore({ readConnections: 1, connectTimeoutMs: 200 }, async (store) => {
    await store.getHead(tenantId);
    const release = await hold("LOCK TABLE annals.tenants IN ACCESS EXCLUSIVE MODE");
    const first = store.getHead(tenantId);
    await expectUnavailable(store.getHead(tenantId), false);
    await release();
    expect(await first).toEqual({ position: 0n, recordedAt: undefined });
    expect(await store.getHead(tenantId)).toEqual({ position: 0n, recordedAt: undefined });
  });
});

test("a read whose caller went away no longer waits", async () => {
  await withStore({}, async (store) => {
    const release = await hold("LOCK TABLE annals.tenants IN ACCESS EXCLUSIVE MODE");
    const controller = new AbortController();
    const read = store.getHead(tenantId, { signal: controller.signal });
    setTimeout(() => {
      controller.abort();
    }, 50);
    await expect(read).rejects.toMatchObject({ failure: { reason: "cancelled" } });
    await release();
  });
});

test("a full disk refuses appends without doubt, and writes nothing", async () => {
  await withStore({}, async (store) => {
    await append(store, newIntent());
    await runSql(
      url,
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$;
       CREATE TRIGGER full_disk BEFORE INSERT ON annals.events EXECUTE FUNCTION full_disk()`,
    );
    const intent = newIntent();
    await expectUnavailable(append(store, intent), false);
    await runSql(url, "DROP TRIGGER full_disk ON annals.events");
    expect(await append(store, intent)).toMatchObject({ deduplicated: false, firstPosition: 3n });
  });
});

test("a stop of the database is survived, and health follows it", async (context) => {
  const server = postgres.process;
  if (!server) return context.skip("not our server to stop");
  await withStore({}, async (store) => {
    await append(store, newIntent());
    await store.check();
    await server.stop();
    await expectUnavailable(store.check(), false);
    await expectUnavailable(append(store, newIntent()), false);
    await server.start();
    await store.check();
    expect((await append(store, newIntent())).ok).toBe(true);
  });
});
