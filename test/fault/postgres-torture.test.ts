import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseTenantId } from "#server/domain/tenant.js";
import { migrate } from "#server/store/postgres/migrate.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { findLosses } from "../support/append-check.js";
import { type Asked, startWriter, type WriterProcess } from "../support/postgres-writer.js";
import { any, append, newEvent } from "../support/store-input.js";
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

    // What killed servers were asked for is in doubt; asking again with the same ids resolves it.
    const certain = new Set(acknowledged.map(({ appendId }) => appendId));
    const asked = writers.flatMap((writer) => writer.asked);
    const doubts = asked.filter(({ appendId }) => !certain.has(appendId));
    expect(doubts.length).toBeGreaterThan(0);
    await resolveDoubts(url, doubts);
    const [counts] = await runSql(
      url,
      `SELECT count(DISTINCT tags[1]) AS appends, count(*) AS events FROM annals.events`,
    );
    const events = asked.reduce((sum, { eventIds }) => sum + eventIds.length, 0);
    expect(counts).toEqual({ appends: String(asked.length), events: String(events) });
    expect(await findLosses(url, acknowledged)).toEqual([]);
  },
  (seconds + 60) * 1_000,
);

/** Asks again for what has no answer; what had been written is found, the rest is written now. */
async function resolveDoubts(url: string, doubts: readonly Asked[]): Promise<void> {
  const store = await openPostgresStore({ url, logger: { warn: () => undefined } });
  for (const { tenantId, appendId, aggregateId, eventIds } of doubts) {
    const written = await runSql(url, `SELECT FROM annals.events WHERE tags[1] = '${appendId}'`);
    const tags = [appendId, String(eventIds.length)];
    const events = eventIds.map((eventId) => newEvent({ eventId, tags }));
    const outcome = await append(store, {
      tenantId: parseTenantId(tenantId, "tenant"),
      stream: { aggregateType: "Order", aggregateId },
      expected: any,
      events,
    });
    expect(outcome).toMatchObject({ ok: true, deduplicated: written.length > 0 });
  }
  await store.close();
}
