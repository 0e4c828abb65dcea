import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TenantId } from "#server/domain/tenant.js";
import { Appender } from "#server/store/postgres/append.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { sessionDefaults } from "#server/store/postgres/session.js";
import { StatementNames } from "#server/store/postgres/statement-names.js";
import { WriterConnection } from "#server/store/postgres/writer-connection.js";
import type { AppendIntent, AppendOutcome, Store } from "#server/store/store.js";
import { findLosses } from "../support/append-check.js";
import { runSql, startTestPostgres, type TestPostgres } from "../support/postgres.js";
import {
  any,
  appendOk,
  exactly,
  idsOf,
  logQuery,
  newEvents,
  newStream,
  newTenant,
  noStream,
  oneTo,
  readLogToEnd,
  someTime,
} from "../support/store-input.js";

let postgres: TestPostgres;
const logger = { warn: () => undefined };

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

async function withServers(use: (a: Store, b: Store, url: string) => Promise<void>): Promise<void> {
  const url = await postgres.newDatabase();
  const a = await openPostgresStore({ url, logger, migrate: true });
  const b = await openPostgresStore({ url, logger });
  try {
    await use(a, b, url);
  } finally {
    await Promise.all([a.close(), b.close()]);
  }
}

/** Until it writes without asking, and sends its batches one behind the other. */
async function warmUp(store: Store, tenantId: TenantId): Promise<void> {
  for (let i = 0; i < 3; i++) await appendOk(store, tenantId, newStream(), newEvents(1));
}

/** Batches of one append each, asked for at once. */
async function appendEach(
  store: Store,
  intents: readonly AppendIntent[],
): Promise<AppendOutcome[]> {
  const batches = await Promise.all(intents.map((intent) => store.append([intent], someTime)));
  return batches.flat();
}

test("a batch that was planned on one that came to nothing comes to nothing, too, and both are decided anew", async () => {
  await withServers(async (a, b) => {
    const [ours, theirs] = [newTenant(), newTenant()];
    await warmUp(a, ours);
    // As many events as our first batch is to have: the log ends where our second one thinks it will.
    await appendOk(b, theirs, newStream(), newEvents(1));
    const intents = Array.from({ length: 3 }, () => {
      // Of streams that are said to be absent: nothing is looked up in between.
      return { tenantId: ours, stream: newStream(), expected: noStream, events: newEvents(1) };
    });
    expect(await appendEach(a, intents)).toMatchObject(
      [4n, 5n, 6n].map((firstPosition) => ({ ok: true, firstPosition })),
    );
    const log = await readLogToEnd(a, logQuery(ours));
    expect(log.map(({ position }) => position)).toEqual(oneTo(6));
    expect(idsOf(log).slice(3)).toEqual(intents.flatMap(({ events }) => idsOf(events)));
  });
});

test("batches behind one another see what those before them did", async () => {
  await withServers(async (a) => {
    const tenantId = newTenant();
    await warmUp(a, tenantId);
    const [stream, other] = [newStream(), newStream()];
    const first = newEvents(2);
    const outcomes = await appendEach(a, [
      { tenantId, stream, expected: noStream, events: first },
      { tenantId, stream, expected: exactly(2n), events: newEvents(1) },
      { tenantId, stream, expected: noStream, events: newEvents(1) },
      { tenantId, stream, expected: noStream, events: first },
      { tenantId, stream: other, expected: any, events: newEvents(1) },
      { tenantId, stream: other, expected: any, events: [first[1]!] },
      { tenantId, stream, expected: exactly(3n), events: newEvents(1) },
    ]);
    expect(outcomes).toMatchObject([
      { ok: true, version: 2n, firstPosition: 4n, deduplicated: false },
      { ok: true, version: 3n, firstPosition: 6n },
      { ok: false, failure: { reason: "version_conflict", actual: 3n } },
      { ok: true, version: 2n, firstPosition: 4n, deduplicated: true },
      { ok: true, version: 1n, firstPosition: 7n },
      { ok: false, failure: { reason: "duplicate_event_id", eventId: first[1]!.eventId } },
      { ok: true, version: 4n, firstPosition: 8n },
    ]);
  });
});

/** The connections whose last statement looked for streams. */
async function lookUpConnections(url: string): Promise<number[]> {
  const rows = await runSql(
    url,
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND query LIKE '%FROM unnest%AS wanted (tenant_id, aggregate_type%'
       AND pid <> pg_backend_pid()`,
  );
  return rows.map(({ pid }) => Number(pid));
}

test("what a batch needs to know is looked up while the one before it is still being written", async () => {
  await withServers(async (a, _, url) => {
    const tenantId = newTenant();
    await warmUp(a, tenantId);
    const locker = new pg.Client({ connectionString: url });
    await locker.connect();
    try {
      await locker.query("BEGIN; SELECT FROM annals.log_head FOR UPDATE");
      const stream = newStream();
      const outcomes = appendEach(a, [
        { tenantId, stream, expected: noStream, events: newEvents(1) },
        { tenantId, stream: newStream(), expected: any, events: newEvents(1) },
        { tenantId, stream, expected: exactly(1n), events: newEvents(1) },
      ]);
      await expect.poll(() => lookUpConnections(url)).toHaveLength(1);
      await locker.query("ROLLBACK");
      expect(await outcomes).toMatchObject([
        { ok: true, version: 1n, firstPosition: 4n },
        { ok: true, version: 1n, firstPosition: 5n },
        { ok: true, version: 2n, firstPosition: 6n },
      ]);
    } finally {
      await locker.end();
    }
  });
});

test("an append does not fail for the connection that looks up, cut or gone", async () => {
  await withServers(async (a, _, url) => {
    const tenantId = newTenant();
    await warmUp(a, tenantId);
    const cut = new Set<number>();
    for (let i = 0; i < 5; i++) {
      let pid: number | undefined;
      const looksUp = async (): Promise<boolean> => {
        await appendOk(a, tenantId, newStream(), newEvents(1));
        pid = (await lookUpConnections(url)).find((each) => !cut.has(each));
        return pid !== undefined;
      };
      await expect.poll(looksUp).toBe(true);
      cut.add(pid!);
      const cutting = runSql(url, `SELECT pg_terminate_backend(${pid})`);
      // Some find it cut, some before and some after they were told.
      for (let j = 0; j < 10; j++) await appendOk(a, tenantId, newStream(), newEvents(1));
      await cutting;
    }
    expect(await findLosses(url, [])).toEqual([]);
  });
});

test("where no connection can be had that looks up, appends are written all the same, and the log says so once", async () => {
  await withServers(async (_, __, url) => {
    const nowhere = new URL(url);
    nowhere.port = "1";
    const warnings: string[] = [];
    const told = { warn: (_fields: object, message: string) => warnings.push(message) };
    const names = new StatementNames();
    const connection = new WriterConnection(url, sessionDefaults, names, told);
    const lookUps = new WriterConnection(nowhere.href, sessionDefaults, names, told);
    const appender = new Appender(connection, lookUps, told);
    try {
      const tenantId = newTenant();
      const batches = Array.from({ length: 12 }, (): AppendIntent[] => {
        return [{ tenantId, stream: newStream(), expected: any, events: newEvents(1) }];
      });
      const outcomes = await Promise.all(batches.map((batch) => appender.append(batch, someTime)));
      expect(outcomes.flat().map((outcome) => outcome.ok)).toEqual(batches.map(() => true));
      // For a stream that is known nothing is looked up, which does not say that it could be.
      for (const stream of [batches[11]![0]!.stream, newStream(), newStream()]) {
        const append = { tenantId, stream, expected: any, events: newEvents(1) };
        expect(await appender.append([append], someTime)).toMatchObject([{ ok: true }]);
      }
      expect(warnings).toEqual([expect.stringContaining("looks up streams")]);
      expect(await findLosses(url, [])).toEqual([]);
    } finally {
      connection.close();
      lookUps.close();
    }
  });
});

test("two servers with many batches under way decide each append as if it were alone", async () => {
  await withServers(async (a, b, url) => {
    const tenants = [newTenant(), newTenant()];
    const streams = Array.from({ length: 3 }, () => newStream());
    let [taken, refused] = [0, 0];
    const caller = async (store: Store, seed: number): Promise<void> => {
      const versions = new Map<string, bigint>();
      for (let i = 0; i < 60; i++) {
        const tenantId = tenants[(i + seed) % 2]!;
        const stream = streams[(i * 7 + seed) % 3]!;
        const key = `${tenantId} ${stream.aggregateId}`;
        const version = versions.get(key) ?? 0n;
        const expected = exactly(version);
        const events = newEvents(1 + (i % 2), { tags: [`${seed}-${i}`, String(1 + (i % 2))] });
        const [outcome] = await store.append([{ tenantId, stream, expected, events }], someTime);
        if (outcome?.ok) {
          taken++;
          // The append was the one behind the version it named, and behind no other.
          expect(outcome.version).toBe(version + BigInt(events.length));
          versions.set(key, outcome.version);
        } else {
          refused++;
          expect(outcome?.failure.reason).toBe("version_conflict");
          if (outcome?.failure.reason !== "version_conflict") continue;
          expect(outcome.failure.actual).not.toBe(version);
          versions.set(key, outcome.failure.actual);
        }
      }
    };
    await Promise.all([a, a, a, a, b, b].map(caller));
    expect(taken).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(20);
    expect(await findLosses(url, [])).toEqual([]);
  });
});

test("what a batch was answered is not kept", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  await withServers(async (a) => {
    const tenantId = newTenant();
    const answers: WeakRef<object>[] = [];
    for (let i = 0; i < 30; i++) {
      const intent = { tenantId, stream: newStream(), expected: noStream, events: newEvents(1) };
      answers.push(new WeakRef(await a.append([intent], someTime)));
    }
    await setImmediate(); // what a WeakRef refers to lives until the turn in which it was made ends
    collectGarbage();
    expect(answers.slice(0, 20).filter((answer) => answer.deref())).toEqual([]);
  });
});
