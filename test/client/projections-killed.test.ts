import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Annals, connect } from "@annals/client";
import { DatabaseSync } from "@photostructure/sqlite";
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
