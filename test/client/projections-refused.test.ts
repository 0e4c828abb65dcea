import { join } from "node:path";
import {
  type Annals,
  connect,
  defineEvent,
  type DomainEvent,
  ProjectionRunner,
  type ProjectionReport,
  type ProjectionRunnerOptions,
} from "@annals/client";
import { openPostgresProjectionStore, type PostgresClient } from "@annals/client/postgres";
import { openSqliteProjectionStore } from "@annals/client/sqlite";
import { DatabaseSync } from "@photostructure/sqlite";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import type { AnnalsServer } from "#server/compose.js";
import { startTestPostgres, type TestPostgres } from "../support/postgres.js";
import { newTenant, startTestServer } from "../support/server.js";
import { tempFolder } from "../support/temp-folder.js";

let server: AnnalsServer;
let postgres: TestPostgres;
beforeAll(async () => {
  [server, postgres] = await Promise.all([startTestServer(), startTestPostgres()]);
});
afterAll(async () => {
  await server.stop();
  await postgres[Symbol.asyncDispose]();
});

const Counted = defineEvent({
  type: "Counted",
  aggregateType: "Counter",
  schema: z.object({ n: z.number() }),
});

async function openWith(...numbers: number[]): Promise<Annals> {
  const annals = connect({ address: server.grpcAddress, tenant: newTenant(), events: [Counted] });
  onTestFinished(() => annals.close());
  await annals.append({
    stream: { aggregateType: "Counter", aggregateId: "1" },
    expected: "any",
    events: numbers.map((n) => Counted.create({ n })),
  });
  return annals;
}

function run<Transaction>(
  annals: Annals,
  options: Pick<ProjectionRunnerOptions<Transaction>, "store" | "projection">,
) {
  const reports: ProjectionReport[] = [];
  const runner = new ProjectionRunner(annals, {
    name: "counters",
    retry: { initialDelayMs: 1, maxDelayMs: 2, maxAttempts: 3 },
    onReport: (report) => void reports.push(report),
    ...options,
  });
  runner.start();
  onTestFinished(() => runner.stop());
  const count = (kind: ProjectionReport["kind"]) =>
    reports.filter((report) => report.kind === kind).length;
  return { runner, count };
}

const numberOf = (event: DomainEvent) => (event.data as { n: number }).n;
const truncate = (): void => undefined;

type Database = InstanceType<typeof DatabaseSync>;
const openSqlite = (file: string, schema: string): Database => {
  const database = new DatabaseSync(file, { timeout: 0 });
  database.exec(schema);
  onTestFinished(() => {
    database.close();
  });
  return database;
};

const parents = (reference: string) => `
  CREATE TABLE known (n INTEGER PRIMARY KEY);
  INSERT INTO known VALUES (1), (3);
  CREATE TABLE counted (n INTEGER PRIMARY KEY ${reference})`;
const deferred = "REFERENCES known (n) DEFERRABLE INITIALLY DEFERRED";
const taken = `${parents("")}; INSERT INTO counted VALUES (2)`;

const ignore = (write: () => unknown): void => {
  try {
    write();
  } catch {
    // As a handler does that takes the row to be its own.
  }
};

describe("an event that the database refuses behind its handler is put aside, and it goes on", () => {
  test.each<[string, string, string, (write: () => unknown) => unknown]>([
    ["at the commit", parents(deferred), "INSERT", (write) => write()],
    ["with the transaction", taken, "INSERT OR ROLLBACK", (write) => write()],
    ["with the transaction, unseen", taken, "INSERT OR ROLLBACK", ignore],
  ])("SQLite, %s", async (_, schema, verb, handle) => {
    const annals = await openWith(1, 2, 3);
    const database = openSqlite(":memory:", `PRAGMA foreign_keys = ON; ${schema}`);
    const store = openSqliteProjectionStore(database);
    const { runner, count } = run<Database>(annals, {
      store,
      projection: {
        handle: (event, { transaction }) =>
          void handle(() =>
            transaction.prepare(`${verb} INTO counted VALUES (?)`).run(numberOf(event)),
          ),
        truncate,
      },
    });
    await expect.poll(async () => (await runner.health()).eventsBehind).toBe(0n);
    expect(await store.listDeadLetters("counters")).toMatchObject([{ position: 2n, attempts: 3 }]);
    const rows = database.prepare("SELECT n FROM counted WHERE n <> 2 ORDER BY n").all();
    expect(rows).toEqual([{ n: 1 }, { n: 3 }]);
    expect([count("retry"), count("store_failed")]).toEqual([2, 0]);
  });

  const unlessTaken = async (write: Promise<unknown>): Promise<void> => {
    await write.catch((error: unknown) => {
      if ((error as { code?: string }).code !== "23505") throw error;
    });
  };
  test.each<[string, string, (write: Promise<unknown>) => Promise<unknown>]>([
    ["at the commit", parents(deferred), (write) => write],
    ["because a statement failed, unseen", taken, unlessTaken],
  ])("PostgreSQL, %s", async (_, schema, handle) => {
    const annals = await openWith(1, 2, 3);
    const pool = new pg.Pool({ connectionString: await postgres.newDatabase() });
    onTestFinished(() => pool.end());
    await pool.query(schema);
    const store = await openPostgresProjectionStore(pool);
    const { runner, count } = run<PostgresClient>(annals, {
      store,
      projection: {
        handle: async (event, { transaction }) => {
          await handle(transaction.query("INSERT INTO counted VALUES ($1)", [numberOf(event)]));
        },
        truncate,
      },
    });
    await expect.poll(async () => (await runner.health()).eventsBehind).toBe(0n);
    expect(await store.listDeadLetters("counters")).toMatchObject([{ position: 2n, attempts: 3 }]);
    const { rows } = await pool.query("SELECT n FROM counted WHERE n <> 2 ORDER BY n");
    expect(rows).toEqual([{ n: 1 }, { n: 3 }]);
    expect([count("retry"), count("store_failed")]).toEqual([2, 0]);
  });
});

test("a handler may undo a part of what it wrote: SQLite", async () => {
  const annals = await openWith(1, 2, 3);
  const database = openSqlite(":memory:", taken);
  const store = openSqliteProjectionStore(database);
  const { runner } = run<Database>(annals, {
    store,
    projection: {
      handle: (event, { transaction }) => {
        const insert = transaction.prepare("INSERT INTO counted VALUES (?)");
        transaction.exec("SAVEPOINT part");
        ignore(() => insert.run(numberOf(event)));
        ignore(() => insert.run(3));
        transaction.exec(numberOf(event) === 1 ? "ROLLBACK TO part" : "RELEASE part");
      },
      truncate,
    },
  });
  await expect.poll(async () => (await runner.health()).eventsBehind).toBe(0n);
  expect(await store.listDeadLetters("counters")).toEqual([]);
  const rows = database.prepare("SELECT n FROM counted ORDER BY n").all();
  expect(rows).toEqual([{ n: 2 }, { n: 3 }]);
});

test("a database that cannot commit now is not held against the event", async () => {
  const annals = await openWith(1, 3);
  const file = join(tempFolder(), "counters.db");
  const database = openSqlite(file, parents(""));
  const store = openSqliteProjectionStore(database);
  const claim = await store.acquire("counters", undefined);
  const reader = openSqlite(file, "BEGIN");
  reader.prepare("SELECT count(*) FROM counted").all(); // a commit waits for who reads
  const { runner, count } = run<Database>(annals, {
    store: { ...store, acquire: () => Promise.resolve(claim) },
    projection: {
      handle: (event, { transaction }) =>
        void transaction.prepare("INSERT INTO counted VALUES (?)").run(numberOf(event)),
      truncate,
    },
  });
  await expect.poll(() => count("store_failed")).toBeGreaterThan(5);
  reader.exec("COMMIT");
  await expect.poll(async () => (await runner.health()).eventsBehind).toBe(0n);
  expect(await store.listDeadLetters("counters")).toEqual([]);
  expect(count("retry")).toBe(0);
});
