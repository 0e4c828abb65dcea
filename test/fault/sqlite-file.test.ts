import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test, vi } from "vitest";
import { AnnalsError } from "#server/domain/error.js";
import { openDatabase } from "#server/store/sqlite/database.js";
import { createOperations } from "#server/store/sqlite/operations.js";
import { packBatch } from "#server/store/sqlite/packed-batch.js";
import { migrate, migrations } from "#server/store/sqlite/schema.js";
import { WorkerClient } from "#server/store/sqlite/worker-client.js";
import type { Store } from "#server/store/store.js";
import { openTestSqliteStore } from "../support/sqlite-file.js";
import {
  any,
  append,
  appendOk,
  exactly,
  logQuery,
  newEvent,
  newEvents,
  newStream,
  newTenant,
  noStream,
  someTime,
  streamQuery,
  wholeLogQuery,
} from "../support/store-input.js";
import { tempFolder } from "../support/temp-folder.js";

test("a commit is on disk before it returns: synchronous is FULL, over a write-ahead log", () => {
  const database = openDatabase(join(tempFolder(), "events.db"));
  expect(database.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
  expect(database.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  database.close();
});

test("a commit says how long it took, for that is what batches go by", () => {
  const database = openDatabase(join(tempFolder(), "events.db"));
  migrate(database);
  const intent = {
    tenantId: newTenant(),
    stream: newStream(),
    expected: noStream,
    events: newEvents(1),
  };
  const { commitMs } = createOperations(database).append(packBatch([intent]), someTime);
  expect(commitMs).toBeGreaterThan(0);
  database.close();
});

test("opening waits for a connection that has the file locked, as another thread may for a moment", async () => {
  const file = join(tempFolder(), "events.db");
  // Takes the file for itself, says so, and lets go after a while.
  const script = `
    import { DatabaseSync } from "@photostructure/sqlite";
    const database = new DatabaseSync(${JSON.stringify(file)});
    database.exec("CREATE TABLE t (x); BEGIN EXCLUSIVE");
    console.log("locked");
    setTimeout(() => { database.exec("COMMIT"); database.close(); }, 400);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 10_000,
  });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  openDatabase(file).close();
  expect(await exited).toEqual([0, null]);
});

test("a reopened file keeps everything and goes on where it was", async () => {
  const file = join(tempFolder(), "not", "there", "yet", "events.db");
  const [tenantId, stream, events] = [newTenant(), newStream(), newEvents(3, { tags: ["t"] })];
  const first = await openTestSqliteStore(file);
  await appendOk(first, newTenant(), stream, newEvents(1));
  await appendOk(first, tenantId, stream, events);
  const before = await everything(first);
  await first.close();

  const second = await openTestSqliteStore(file);
  expect(await everything(second)).toEqual(before);
  const intent = { tenantId, stream };
  expect(await append(second, { ...intent, expected: noStream, events })).toMatchObject({
    ok: true,
    version: 3n,
    deduplicated: true,
  });
  const late = { ...intent, expected: noStream, events: newEvents(1) };
  expect(await append(second, late)).toMatchObject({ failure: { actual: 3n } });
  const next = { ...intent, expected: exactly(3n), events: newEvents(1) };
  // The clock went back while the store was closed.
  expect(await append(second, next, someTime - 1_000n)).toMatchObject({
    ok: true,
    version: 4n,
    firstPosition: 4n,
    recordedAt: someTime,
  });
  expect(await second.getWholeHead()).toMatchObject({ globalPosition: 5n });

  async function everything(store: Store) {
    return {
      log: await store.readLog(logQuery(tenantId)),
      whole: await store.readWholeLog(wholeLogQuery()),
      stream: await store.readStream(streamQuery(tenantId, stream)),
      info: await store.getStream(tenantId, stream),
      head: await store.getHead(tenantId),
      wholeHead: await store.getWholeHead(),
      foreign: await store.isForeignStream(tenantId, stream),
    };
  }
});

test("a file that is removed, renamed or replaced while it is open fails the check, until it is back", async () => {
  const folder = join(tempFolder(), "data");
  const file = join(folder, "events.db");
  const store = await openTestSqliteStore(file);
  await store.check();
  const refused = {
    failure: { reason: "unavailable", description: "the database file is gone, or another one" },
  };

  renameSync(folder, `${folder}-moved`);
  await expect(store.check()).rejects.toMatchObject(refused);
  renameSync(`${folder}-moved`, folder);
  await store.check();
  writeFileSync(`${file}.new`, "");
  renameSync(`${file}.new`, file);
  await expect(store.check()).rejects.toMatchObject(refused);
  rmSync(folder, { recursive: true });
  await expect(store.check()).rejects.toMatchObject(refused);
});

test("a file in use is refused, and free again once closed", async () => {
  const file = join(tempFolder(), "events.db");
  const first = await openTestSqliteStore(file);
  await expect(openTestSqliteStore(file)).rejects.toThrow(/events\.db is in use by another server/);
  // The refused one did the first no harm, and did not take its lock.
  await appendOk(first, newTenant(), newStream(), newEvents(1));
  await expect(openTestSqliteStore(file)).rejects.toThrow(/in use/);
  await first.close();
  const second = await openTestSqliteStore(file);
  expect((await second.getWholeHead()).globalPosition).toBe(1n);
});

test("a file in use is refused by another name too", async () => {
  const folder = tempFolder();
  const file = join(folder, "events.db");
  await openTestSqliteStore(file);
  symlinkSync(file, join(folder, "link.db"));
  await expect(openTestSqliteStore(join(folder, "link.db"))).rejects.toThrow(/in use/);
  const [early, made] = [join(folder, "early.db"), join(folder, "made.db")];
  symlinkSync(made, early);
  await openTestSqliteStore(early);
  for (const path of [early, made]) {
    await expect(openTestSqliteStore(path)).rejects.toThrow(/in use/);
  }
  mkdirSync(join(folder, "sub"));
  await expect(openTestSqliteStore(join(folder, "sub", "..", "events.db"))).rejects.toThrow(
    /in use/,
  );
});

test("a file of a newer schema is refused, untouched, and named as such", async () => {
  const file = join(tempFolder(), "events.db");
  const store = await openTestSqliteStore(file);
  await store.close();
  setVersion(file, 999);
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(openTestSqliteStore(file)).rejects.toThrow(/schema version 999.*newer server/);
  }
  setVersion(file, migrations.length);
  await openTestSqliteStore(file);
});

test("a file of every earlier schema is brought to the newest, and works", async () => {
  for (let version = 0; version < migrations.length; version++) {
    const file = join(tempFolder(), "events.db");
    const database = openDatabase(file);
    migrate(database, version);
    database.close();
    const store = await openTestSqliteStore(file);
    await appendOk(store, newTenant(), newStream(), newEvents(2));
    expect((await store.getWholeHead()).globalPosition).toBe(2n);
    const key = { owner: "operator", collection: "a", name: "b" } as const;
    expect(await store.records.put(key, new Uint8Array(1), 0n, 1n)).toMatchObject({ ok: true });
  }
});

test("the events of a file of the first schema are read, and appended to, as before", async () => {
  const file = join(tempFolder(), "events.db");
  const database = openDatabase(file);
  migrate(database, 1);
  const tenants = [newTenant(), newTenant()] as const;
  const stream = newStream();
  const ids = Array.from({ length: 6 }, () => newEvent().eventId);
  for (const [i, eventId] of ids.entries()) {
    // Turn by turn, both tenants' streams of one name.
    const [tenantId, n] = [tenants[i % 2]!, 1 + Math.floor(i / 2)];
    database
      .prepare(
        `INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, 'T', 1, 5, 'a/b', NULL, '', '', NULL, ?)`,
      )
      .run(
        i + 1,
        tenantId,
        n,
        eventId,
        stream.aggregateType,
        stream.aggregateId,
        n,
        Buffer.alloc(9),
      );
    database.prepare("INSERT OR REPLACE INTO tenants VALUES (?, ?, 5)").run(tenantId, n);
  }
  database.close();

  const store = await openTestSqliteStore(file);
  const whole = await store.readWholeLog(wholeLogQuery());
  expect(whole.events.map(({ eventId }) => eventId)).toEqual(ids);
  for (const [i, tenantId] of tenants.entries()) {
    const own = ids.filter((_, n) => n % 2 === i);
    const log = await store.readLog(logQuery(tenantId));
    expect(log.events.map(({ eventId }) => eventId)).toEqual(own);
    const page = await store.readStream(streamQuery(tenantId, stream));
    expect(page.events.map(({ eventId }) => eventId)).toEqual(own);
    expect(await store.getStream(tenantId, stream)).toMatchObject({ version: 3n });
    expect((await store.getEvent(tenantId, own[0]!))?.tenantId).toBe(tenantId);
    expect(await store.getEvent(tenantId, ids[1 - i]!)).toBeUndefined();
    expect(await store.isForeignStream(tenantId, stream)).toBe(true);
    expect(await store.getTenantUsage(tenantId)).toMatchObject({
      position: 3n,
      bytes: BigInt(3 * (128 + 9 + "T".length + "a/b".length)),
    });
    const again = [newEvent({ eventId: own[0]! })];
    const intent = { tenantId, stream, expected: exactly(3n) };
    expect(await append(store, { ...intent, events: again })).toMatchObject({ deduplicated: true });
    const events = newEvents(1);
    expect(await append(store, { ...intent, events })).toMatchObject({ version: 4n });
  }
  expect(await store.isForeignStream(newTenant(), newStream())).toBe(false);
});

test("a file that is not a database is refused, and stays as it is", async () => {
  const file = join(tempFolder(), "events.db");
  writeFileSync(file, "Dear diary, this is not a database. ".repeat(200));
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(openTestSqliteStore(file)).rejects.toThrow(/not a database/);
  }
});

test("close is idempotent, finishes what was asked, and ends every method", async () => {
  const store = await openTestSqliteStore(join(tempFolder(), "events.db"));
  const [tenantId, stream] = [newTenant(), newStream()];
  const underWay = appendOk(store, tenantId, stream, newEvents(1_000));
  const reading = store.getHead(tenantId);
  await Promise.all([store.close(), store.close()]);
  await store.close();
  expect(await underWay).toMatchObject({ ok: true, version: 1_000n });
  expect((await reading).position).toBeTypeOf("bigint");

  const calls: Record<string, () => Promise<unknown>> = {
    append: () => appendOk(store, tenantId, stream, [newEvent()]),
    readStream: () => store.readStream(streamQuery(tenantId, stream)),
    readLog: () => store.readLog(logQuery(tenantId)),
    readWholeLog: () => store.readWholeLog(wholeLogQuery()),
    getEvent: () => store.getEvent(tenantId, "x"),
    getStream: () => store.getStream(tenantId, stream),
    getHead: () => store.getHead(tenantId),
    getWholeHead: () => store.getWholeHead(),
    isForeignStream: () => store.isForeignStream(tenantId, stream),
    check: () => store.check(),
  };
  for (const [name, call] of Object.entries(calls)) {
    const error: unknown = await call().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error, name).toBeInstanceOf(AnnalsError);
    expect((error as AnnalsError).failure, name).toMatchObject({
      reason: "unavailable",
      outcomeUnknown: false,
    });
  }
});

test("a batch that was rolled back leaves nothing behind: no hole, no bytes, no time", async () => {
  const file = join(tempFolder(), "events.db");
  await (await openTestSqliteStore(file)).close();
  const database = new DatabaseSync(file);
  database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON events WHEN new.event_type = 'Refused'
    BEGIN SELECT RAISE(ABORT, 'refused'); END`);
  database.close();
  const store = await openTestSqliteStore(file);
  const tenantId = newTenant();
  await appendOk(store, tenantId, newStream(), newEvents(1));
  const { bytes } = await store.getTenantUsage(tenantId);
  const doomed = ["OrderPlaced", "Refused"].map((eventType) => ({
    ...{ tenantId, stream: newStream(), expected: any, events: newEvents(1, { eventType }) },
  }));
  await expect(store.append(doomed, someTime + 1_000_000n)).rejects.toMatchObject({
    failure: { reason: "unavailable" },
  });
  await appendOk(store, tenantId, newStream(), newEvents(1));
  const { events } = await store.readWholeLog(wholeLogQuery());
  const places = events.map((e) => [e.globalPosition, e.position, e.recordedAt]);
  expect(places).toEqual([
    [1n, 1n, someTime],
    [2n, 2n, someTime],
  ]);
  expect(await store.getTenantUsage(tenantId)).toMatchObject({ position: 2n, bytes: 2n * bytes });
});

test("of what a thread was asked that died the outcome is unknown", async () => {
  const post = vi.spyOn(Worker.prototype, "postMessage");
  onTestFinished(() => {
    post.mockRestore();
  });
  const died = vi.fn();
  const client = new WorkerClient(join(tempFolder(), "events.db"), died);
  onTestFinished(() => client.close());
  const asked = client.ask("getWholeHead", []);
  await (post.mock.contexts[0] as Worker).terminate();
  await expect(asked).rejects.toMatchObject({
    failure: { reason: "unavailable", outcomeUnknown: true },
  });
  expect(died).toHaveBeenCalledTimes(1);
});

function setVersion(file: string, version: number): void {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA user_version = ${String(version)}`);
  database.close();
}
