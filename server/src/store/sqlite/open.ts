import { closeSync, mkdirSync, openSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { decodeFrame, toEvents } from "../../domain/event-frame.js";
import { CommitPrice } from "../commit-price.js";
import { globalPlaces } from "../global-cursor.js";
import type { Store } from "../store.js";
import { Watchers } from "../watchers.js";
import { openDatabase } from "./database.js";
import { rememberFile } from "./file-identity.js";
import { lockFile } from "./file-lock.js";
import { packBatch, unpackOutcomes } from "./packed-batch.js";
import { migrate } from "./schema.js";
import { WorkerClient } from "./worker-client.js";

export interface SqliteStoreOptions {
  /** The database file; it and its folder are made if absent. */
  readonly file: string;
  /** Told when a thread of the store dies; the store goes on with a new one. */
  readonly logger: { error(fields: object, message: string): void };
}

/**
 * A store in one SQLite file, for one server process. Two threads: one writes; the other reads, so
 * that a long read never delays an append.
 *
 * @throws Error when the file is in use by another server, is not a database, or is too new
 */
export async function openSqliteStore({ file, logger }: SqliteStoreOptions): Promise<Store> {
  const path = makeFile(file);
  const unlock = lockFile(path);
  try {
    migrateFile(path);
  } catch (error) {
    unlock();
    throw error;
  }
  const onDeath = (error: Error): void => {
    logger.error({ err: error }, "a thread of the SQLite store died");
  };
  const assertSameFile = rememberFile(path);
  const writer = new WorkerClient(path, onDeath);
  const reader = new WorkerClient(path, onDeath);
  const check: Store["check"] = async (options) => {
    // One after the other: the first connection to a file may have to recover its log.
    await writer.ask("getWholeHead", [], options);
    await reader.ask("getWholeHead", [], options);
    await assertSameFile();
  };

  const watchers = new Watchers();
  const commitPrice = new CommitPrice();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([writer.close(), reader.close()]);
    unlock();
  };
  const store: Store = {
    laneOf: () => 0,
    enoughForCommit: () => commitPrice.enough(),
    append: async (batch, now) => {
      const packed = packBatch(batch);
      const transfer = [packed.data.buffer];
      const answer = await writer.ask("append", [packed, now], { transfer });
      commitPrice.note(answer.commitMs);
      watchers.notify();
      return unpackOutcomes(answer);
    },
    readStream: async (query, options) => {
      const { page, atEnd } = await reader.ask("readStream", [query], options);
      return { events: toEvents([page]), atEnd };
    },
    readLog: async (query, options) => {
      const { page, ...rest } = await reader.ask("readLog", [query], options);
      return { events: toEvents([page]), ...rest };
    },
    readWholeLog: async (query, options) => {
      const { page, ...rest } = await reader.ask("readWholeLog", [query], options);
      return { events: toEvents([page]), ...rest };
    },
    getEvent: async (tenantId, eventId, options) => {
      const row = await reader.ask("getEvent", [tenantId, eventId], options);
      return row && { ...decodeFrame(row[2]), globalPosition: row[1] };
    },
    getStream: (tenantId, stream, options) => reader.ask("getStream", [tenantId, stream], options),
    getHead: (tenantId, options) => reader.ask("getHead", [tenantId], options),
    ...globalPlaces,
    watch: (onGrowth) => watchers.add(onGrowth),
    getWholeHead: (options) => reader.ask("getWholeHead", [], options),
    isForeignStream: (tenantId, stream, options) =>
      reader.ask("isForeignStream", [tenantId, stream], options),
    getTenantUsage: (tenantId, options) => reader.ask("getTenantUsage", [tenantId], options),
    listTenantUsage: (after, maxTenants, options) =>
      reader.ask("listTenantUsage", [after, maxTenants], options),
    records: {
      get: (key, options) => reader.ask("getRecord", [key], options),
      put: (...args) => writer.ask("putRecord", args),
      delete: (key) => writer.ask("deleteRecord", [key]),
      list: (query, options) => reader.ask("listRecords", [query], options),
    },
    check,
    close: () => (closing ??= close()),
  };
  try {
    await check();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/** Makes a file and its folder; answers the file's one path, whatever links lead to it, so that it has one lock. */
function makeFile(file: string): string {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  closeSync(openSync(file, "a", 0o644)); // nothing is a database without tables
  return realpathSync(file);
}

function migrateFile(path: string): void {
  const database = openDatabase(path);
  try {
    migrate(database);
  } finally {
    database.close();
  }
}
