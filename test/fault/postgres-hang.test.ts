import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "#server/store/postgres/migrate.js";
import { findLosses } from "../support/append-check.js";
import { startWriter, type WriterProcess } from "../support/postgres-writer.js";
import { runSql, startTestPostgres, type TestPostgres } from "../support/postgres.js";

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

test("a server that is stopped while it holds the log's head delays the others a bounded time, and loses nothing when it wakes", async () => {
  const url = await postgres.newDatabase();
  await migrate(url);
  const tenants = [randomUUID()];
  const start = (applicationName: string): Promise<WriterProcess> => {
    const options = { applicationName, idleInTransactionTimeoutMs: 1_000 };
    return startWriter({ url, callers: 4, tenants, options });
  };
  const hanging = await start("hanging");
  const other = await start("other");
  await stopInTransaction(url, hanging);

  const stoppedAt = Date.now();
  const before = other.acknowledged.length;
  await expect
    .poll(() => other.acknowledged.length, { timeout: 10_000, interval: 20 })
    .toBeGreaterThan(before + 20);
  const delayedMs = Date.now() - stoppedAt;
  expect(delayedMs).toBeLessThan(4_000);

  const asleep = hanging.acknowledged.length;
  hanging.signal("SIGCONT");
  await expect
    .poll(() => hanging.acknowledged.length, { timeout: 15_000 })
    .toBeGreaterThan(asleep + 20);
  await Promise.all([hanging.kill(), other.kill()]);
  await sleep(300);
  expect([...hanging.surprises, ...other.surprises]).toEqual([]);
  const acknowledged = [...hanging.acknowledged, ...other.acknowledged];
  expect(await findLosses(url, acknowledged)).toEqual([]);
}, 60_000);

/** Stops a process again and again until it stands still in the middle of a transaction. */
async function stopInTransaction(url: string, writer: WriterProcess): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    await sleep(Math.random() * 20);
    writer.signal("SIGSTOP");
    await sleep(30);
    const rows = await runSql(
      url,
      `SELECT 1 FROM pg_stat_activity
       WHERE application_name = 'hanging' AND state = 'idle in transaction'`,
    );
    if (rows.length > 0) return;
    writer.signal("SIGCONT");
  }
  throw new Error("the process was never stopped inside a transaction");
}
