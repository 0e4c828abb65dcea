import { CommitPrice } from "../commit-price.js";
import { globalPlaces } from "../global-cursor.js";
import type { Store } from "../store.js";
import { Appender } from "./append.js";
import { checkWritable } from "./check.js";
import { getEvent } from "./get-event.js";
import { getHead, getWholeHead } from "./get-head.js";
import { getStream, isForeignStream } from "./get-stream.js";
import { GrowthSignal } from "./growth-signal.js";
import { assertMigrated, migrate } from "./migrate.js";
import { QueryPool } from "./query-pool.js";
import { readLog, readWholeLog } from "./read-log.js";
import { postgresRecords } from "./records.js";
import { readStream } from "./read-stream.js";
import { sessionDefaults, type SessionOptions, type StoreLogger } from "./session.js";
import { StatementNames } from "./statement-names.js";
import { getTenantUsage, listTenantUsage } from "./tenant-usage.js";
import { WriterConnection } from "./writer-connection.js";

/** Where the database is, and how to use it. */
export interface PostgresStoreOptions extends Partial<SessionOptions> {
  /** postgres://user:password@host:port/database */
  readonly url: string;
  /** Bring the schema to the newest version first; the role must own it. Default false. */
  readonly migrate?: boolean;
  /** Connections that read, at most; one more writes, one looks up for it, one listens. Default 8. */
  readonly readConnections?: number;
  readonly logger: StoreLogger;
}

/**
 * A store in a PostgreSQL database, 14 or newer, that any number of servers may share.
 *
 * @throws Error when the database cannot be reached, or its schema is not this server's
 */
export async function openPostgresStore(given: PostgresStoreOptions): Promise<Store> {
  const { url, logger, readConnections = 8 } = given;
  const options: SessionOptions = { ...sessionDefaults, ...given };
  if (given.migrate) await migrate(url);
  else await assertMigrated(url);

  const names = new StatementNames();
  const connection = new WriterConnection(url, options, names, logger);
  const lookUps = new WriterConnection(url, options, names, logger);
  const appender = new Appender(connection, lookUps, logger);
  const pool = new QueryPool(url, options, readConnections, names, logger);
  const growth = new GrowthSignal(url, options, logger);
  const commitPrice = new CommitPrice();
  let lastAnsweredAt = 0;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    growth.close();
    await appender.drain();
    connection.close();
    lookUps.close();
    await pool.close();
  };
  return {
    laneOf: () => 0,
    enoughForCommit: () => commitPrice.enough(),
    append: async (batch, now) => {
      const askedAt = performance.now();
      const outcomes = await appender.append(batch, now);
      const answeredAt = performance.now();
      // What it took once the one before was done. Of large appends a batch is slow, and may have all that wait.
      commitPrice.note(answeredAt - Math.max(askedAt, lastAnsweredAt));
      lastAnsweredAt = answeredAt;
      growth.notify();
      return outcomes;
    },
    readStream: (query, o) => readStream(pool, query, o),
    readLog: (query, o) => readLog(pool, query, o),
    readWholeLog: (query, o) => readWholeLog(pool, query, o),
    getEvent: (tenantId, eventId, o) => getEvent(pool, tenantId, eventId, o),
    getStream: (tenantId, stream, o) => getStream(pool, tenantId, stream, o),
    getHead: (tenantId, o) => getHead(pool, tenantId, o),
    getWholeHead: (o) => getWholeHead(pool, o),
    ...globalPlaces,
    watch: (onGrowth) => growth.watch(onGrowth),
    isForeignStream: (tenantId, stream, o) => isForeignStream(pool, tenantId, stream, o),
    getTenantUsage: (tenantId, o) => getTenantUsage(pool, tenantId, o),
    listTenantUsage: (after, maxTenants, o) => listTenantUsage(pool, after, maxTenants, o),
    records: postgresRecords(pool),
    check: (o) => checkWritable(pool, o),
    close: () => (closing ??= close()),
  };
}
