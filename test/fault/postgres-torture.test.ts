import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "#server/store/postgres/migrate.js";
import { findLosses } from "../support/append-check.js";
import { startWriter, type WriterProcess } from "../support/postgres-writer.js";
import { runSql, startTestPostgres, type TestPostgres } from "../support/postgres.js";

/** How long to go on; ANNALS_TORTURE_SECONDS=60 for a thorough run. */
const seconds = Number(process.env["ANNALS_TORTURE_SECONDS"] ?? 12);
const serverCount = 2;

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

test(
  "kill -9 of servers and of PostgreSQL and cut connections, in any order, lose and double nothing",
  async () => {
    const url = await postgres.newDatabase();
    await migrate(url);
    const tenants = [randomUUID(), randomUUID(), randomUUID()];
    const start = (): Promise<WriterProcess> => startWriter({ url, callers: 16, tenants });
    const running = await Promise.all(Array.from({ length: serverCount }, start));
    const killed: WriterProcess[] = [];

    const faults = {
      killServer: async () => {
        const index = Math.floor(Math.random() * running.length);
        const victim = running[index]!;
        await victim.kill();
        killed.push(victim);
        running[index] = await start();
      },
      killPostgres: async () => {
        await postgres.process?.kill();
        await postgres.process?.start();
      },
      cutConnections: () =>
        runSql(
          url,
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name = 'annals' AND datname = current_database() AND random() < 0.7`,
        ),
    };
    // Each fault at least once, then any.
    const queue = Object.keys(faults) as (keyof typeof faults)[];
    const done: Record<string, number> = {};
    const end = Date.now() + seconds * 1_000;
    while (Date.now() < end || queue.length > 0) {
      await sleep(300 + Math.random() * 500);
      const names = Object.keys(faults) as (keyof typeof faults)[];
      const name = queue.pop() ?? names[Math.floor(Math.random() * names.length)]!;
      await faults[name]();
      done[name] = (done[name] ?? 0) + 1;
    }

    // Whoever is left recovers without a restart.
    const before = running.map(({ acknowledged }) => acknowledged.length);
    await expect
      .poll(() => running.every(({ acknowledged }, i) => acknowledged.length > before[i]! + 20), {
        timeout: 20_000,
      })
      .toBe(true);
    const writers = [...killed, ...running];
    await Promise.all(running.map((writer) => writer.kill()));
    await sleep(500);
    const acknowledged = writers.flatMap((writer) => writer.acknowledged);
    const resolved = acknowledged.filter(({ deduplicated }) => deduplicated).length;
    console.info(
      `torture: ${JSON.stringify(done)}, ${acknowledged.length} appends acknowledged, ${resolved} by a retry of what had been written`,
    );
    expect(writers.flatMap(({ surprises }) => surprises)).toEqual([]);
    expect(await findLosses(url, acknowledged)).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(500);
  },
  (seconds + 60) * 1_000,
);
