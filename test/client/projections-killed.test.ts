import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Annals, connect, ProjectionRunner } from "@annals/client";
import { openPostgresProjectionStore, type PostgresClient } from "@annals/client/postgres";
import { DatabaseSync } from "@photostructure/sqlite";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { OrderPlaced } from "../support/orders.js";
import { runSql, startTestPostgres, type TestPostgres } from "../support/postgres.js";
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

type Row = Record<string, unknown>;
const select = "SELECT id, events, last FROM orders ORDER BY id";

/** What a process that never died would have: counted from the log itself. */
async function expectedRows(annals: Annals): Promise<Row[]> {
  const rows = new Map<string, { id: string; events: number; last: number }>();
  for await (const { aggregateId: id, position } of annals.readAll()) {
    rows.set(id, { id, events: (rows.get(id)?.events ?? 0) + 1, last: Number(position) });
  }
  return [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function appendRound(annals: Annals, round: number): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await annals.append({
      stream: { aggregateType: "Order", aggregateId: `o-${(round + i) % 13}` },
      expected: "any",
      events: Array.from({ length: 10 }, () =>
        OrderPlaced.create({ customerName: "Ann", totalAmount: 1 }),
      ),
    });
  }
}

async function killedAndStartedAgain(
  kind: "sqlite" | "postgres",
  where: string,
  rowsNow: () => Row[] | Promise<Row[]>,
): Promise<void> {
  const tenant = newTenant();
  const annals = connect({ address: server.grpcAddress, tenant });
  onTestFinished(() => annals.close());
  const start = () => {
    const args = ["test/support/project-orders.mjs", kind, where, server.grpcAddress, tenant];
    return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  };
  for (let round = 0; round < 4; round++) {
    const child = start();
    await once(child.stdout, "data");
    const appending = appendRound(annals, round);
    // Where the kill falls is chance: that is what is tested.
    await sleep(Math.random() * 60);
    child.kill("SIGKILL");
    await once(child, "exit");
    await appending;
  }
  const last = start();
  const ended = once(last, "exit");
  const expected = await expectedRows(annals);
  await once(last.stdout, "data");
  await expect.poll(rowsNow, { timeout: 15_000 }).toEqual(expected);
  last.kill("SIGKILL");
  await ended;
}

test("killed at random moments, a projection in SQLite has each event once", async () => {
  const file = join(tempFolder(), "orders.db");
  await killedAndStartedAgain("sqlite", file, () => {
    const database = new DatabaseSync(file, { timeout: 5_000 });
    const rows = database.prepare(select).all() as Row[];
    database.close();
    return rows.map((row) => ({ ...row }));
  });
});

test("killed at random moments, a projection in PostgreSQL has each event once", async () => {
  const url = await postgres.newDatabase();
  await killedAndStartedAgain("postgres", url, () => runSql(url, select));
});

test("of two processes with a lease, one takes over when the other is killed", async () => {
  const url = await postgres.newDatabase();
  const tenant = newTenant();
  const annals = connect({ address: server.grpcAddress, tenant });
  onTestFinished(() => annals.close());
  const start = () => {
    const args = ["postgres", url, server.grpcAddress, tenant, "300"];
    const child = spawn(process.execPath, ["test/support/project-orders.mjs", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    onTestFinished(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    });
    return { child, says: (state: string) => said.includes(`${state}\n`) };
  };
  const rows = () => runSql(url, select);
  const first = start();
  await appendRound(annals, 0);
  await expect.poll(() => first.says("live"), { timeout: 15_000 }).toBe(true);
  const second = start();
  await expect.poll(() => second.says("standby"), { timeout: 15_000 }).toBe(true);
  await appendRound(annals, 1);
  await expect.poll(rows, { timeout: 15_000 }).toEqual(await expectedRows(annals));
  expect(second.says("live")).toBe(false);
  first.child.kill("SIGKILL");
  await appendRound(annals, 2);
  await expect.poll(() => second.says("live"), { timeout: 15_000 }).toBe(true);
  await expect.poll(rows, { timeout: 15_000 }).toEqual(await expectedRows(annals));
});

test("connections that break, and a database that is gone, cost no event and put none aside", async () => {
  const url = await postgres.newDatabase();
  const annals = connect({ address: server.grpcAddress, tenant: newTenant() });
  onTestFinished(() => annals.close());
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 5_000 });
  pool.on("error", () => undefined);
  await pool.query("CREATE TABLE orders (id TEXT PRIMARY KEY, events INTEGER, last INTEGER)");
  let handling = 0;
  const runner = new ProjectionRunner<PostgresClient>(annals, {
    name: "orders",
    store: await openPostgresProjectionStore(pool),
    projection: {
      async handle({ aggregateId, position }, { transaction }) {
        handling++;
        await transaction.query(
          `INSERT INTO orders VALUES ($1, 1, $2) ON CONFLICT (id) DO UPDATE
           SET events = orders.events + 1, last = $2`,
          [aggregateId, position],
        );
      },
      truncate: () => undefined,
    },
    retry: { maxAttempts: 2, initialDelayMs: 1, maxDelayMs: 20 },
  });
  runner.start();
  onTestFinished(async () => {
    await runner.stop();
    await pool.end();
  });
  const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`;
  for (let round = 0; round < 6; round++) {
    const before = handling;
    const appending = appendRound(annals, round);
    await expect.poll(() => handling, { interval: 1, timeout: 15_000 }).toBeGreaterThan(before);
    await runSql(url, cut);
    await appending;
  }
  if (postgres.process) {
    await postgres.process.kill();
    await appendRound(annals, 6);
    await postgres.process.start();
  }
  const expected = await expectedRows(annals);
  await expect.poll(() => runSql(url, select), { timeout: 15_000 }).toEqual(expected);
  const store = await openPostgresProjectionStore(pool);
  expect(await store.listDeadLetters("orders")).toEqual([]);
  expect((await runner.health()).state).toBe("live");
});
