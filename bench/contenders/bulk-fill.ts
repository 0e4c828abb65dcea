import pg from "pg";
import { frameSql } from "./frame-sql.js";
import { openSqliteDatabase } from "./sqlite-database.js";

/** What a log is to hold before it is measured. */
export interface BulkFill {
  /** The server's setting "store": an empty, migrated one of SQLite or PostgreSQL. */
  readonly store: string;
  /** The one tenant. */
  readonly tenant: string;
  readonly events: number;
  readonly dataBytes: number;
  /** Named as createAppendRequest names them; events take turns with them. */
  readonly streams: number;
  /** Events of one statement, which is one transaction. Default: 100,000. */
  readonly chunk?: number;
}

/** Milliseconds since 1970 of the first event: 2025-01-01. A thousand come in a second. */
const firstMs = 1_735_689_600_000;

/**
 * Fills a log inside the database, faster than any server could, and as a server would have: positions
 * and versions without holes, ids in the order of time, every index kept while the table grows, both
 * heads where the log ends.
 */
export async function bulkFill(
  fill: BulkFill,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (line: string) => void },
): Promise<void> {
  const { chunk = 100_000 } = fill;
  const isSqlite = fill.store.startsWith("sqlite:");
  const database = isSqlite ? openSqliteDatabase(fill.store) : await openPostgres(fill.store);
  const sql = isSqlite ? sqliteChunk(fill) : postgresChunk(fill);
  try {
    for (let first = 1; first <= fill.events; first += chunk) {
      signal.throwIfAborted();
      const last = Math.min(fill.events, first + chunk - 1);
      await database.exec(`BEGIN; ${sql(first, last)} COMMIT;`);
      progress(`filling: ${last} of ${fill.events} events`);
    }
    await database.exec(isSqlite ? "PRAGMA wal_checkpoint(TRUNCATE);" : "CHECKPOINT;");
    await database.exec(isSqlite ? "" : "VACUUM ANALYZE annals.events;");
  } finally {
    await database.close();
  }
}

async function openPostgres(
  url: string,
): Promise<{ exec(sql: string): Promise<unknown>; close(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return { exec: (sql) => client.query(sql), close: () => client.end() };
}

/** JSON of about so many bytes, as SQL's constant parts. */
function noteOf({ dataBytes }: BulkFill): string {
  return "x".repeat(dataBytes - '{"customer":"c-00000000","total":"100.00","note":""}'.length);
}

function postgresChunk(fill: BulkFill): (first: number, last: number) => string {
  const hex = (sql: string, digits: number): string => `lpad(to_hex(${sql}), ${digits}, '0')`;
  const at = (i: string): string => `to_timestamp((${firstMs} + ${i}) / 1000.0)`;
  const time = hex(`${firstMs}::bigint + i`, 12);
  const id = `(substr(${time}, 1, 8) || '-' || substr(${time}, 9) || '-7000-8000-' || ${hex("i", 12)})`;
  const version = `((i - 1) / ${fill.streams} + 1)`;
  const aggregateId = `('order-' || ${hex(`i % ${fill.streams}`, 8)})`;
  const data = `convert_to('{"customer":"c-' || ${hex("i % 1000", 8)} || '","total":"100.00","note":"${noteOf(fill)}"}', 'UTF8')`;
  const frame = frameSql({
    ...{ tenant: fill.tenant, eventId: id, aggregateType: "Order", eventType: "OrderPlaced" },
    ...{ aggregateId: { sql: aggregateId, bytes: 14 }, version, position: "i" },
    ...{ ms: `${firstMs} + i`, data: { sql: data, bytes: fill.dataBytes } },
    contentType: "application/json",
  });
  return (first, last) => `
    INSERT INTO annals.events (tenant_id, position, global_position, event_id, aggregate_version,
      recorded_at, aggregate_type, aggregate_id, event_type, tags, frame)
    SELECT '${fill.tenant}', i, i, ${id}::uuid, ${version}, ${at("i")}, 'Order',
      ${aggregateId}, 'OrderPlaced', '{}', ${frame}
    FROM generate_series(${first}::bigint, ${last}::bigint) AS i ORDER BY i;
    UPDATE annals.log_head SET global_position = ${last}, recorded_at = ${at(String(last))};
    INSERT INTO annals.tenants (tenant_id, position, recorded_at, bytes)
    VALUES ('${fill.tenant}', ${last}, ${at(String(last))}, ${last * sizeOf(fill)})
    ON CONFLICT (tenant_id) DO UPDATE SET position = excluded.position,
      recorded_at = excluded.recorded_at, bytes = excluded.bytes;`;
}

/** What an event counts for, as sizeOfEvent counts it. */
function sizeOf({ dataBytes }: BulkFill): number {
  return 128 + dataBytes + "OrderPlaced".length + "application/json".length;
}

function sqliteChunk(fill: BulkFill): (first: number, last: number) => string {
  const at = (i: string): string => `(${firstMs} + ${i}) * 1000`;
  const time = `printf('%012x', ${firstMs} + i)`;
  const id = `substr(${time}, 1, 8) || '-' || substr(${time}, 9) || '-7000-8000-' || printf('%012x', i)`;
  const numbers = (first: number, last: number): string => `
    WITH RECURSIVE numbers (i) AS (
      SELECT ${first} UNION ALL SELECT i + 1 FROM numbers WHERE i < ${last})`;
  // Tenant 1's stream n holds the events i with i % streams = n - 1.
  return (first, last) => `
    ${numbers(1, Math.min(fill.streams, last + 1))}
    INSERT OR IGNORE INTO streams (stream_no, tenant_no, aggregate_type, aggregate_id)
    SELECT i, 1, 'Order', printf('order-%08x', i - 1) FROM numbers;
    ${numbers(first, last)}
    INSERT INTO events (global_position, tenant_no, position, stream_no, aggregate_version, event_id,
      aggregate_type, aggregate_id, event_type, recorded_at, tags, frame)
    SELECT i, 1, i, i % ${fill.streams} + 1, (i - 1) / ${fill.streams} + 1, ${id},
      'Order', printf('order-%08x', i % ${fill.streams}), 'OrderPlaced', ${at("i")}, NULL,
      event_frame('${fill.tenant}', ${id}, 'Order', printf('order-%08x', i % ${fill.streams}),
        'OrderPlaced', (i - 1) / ${fill.streams} + 1, i, ${at("i")}, ${at("i")},
        CAST(printf('{"customer":"c-%08x","total":"100.00","note":"${noteOf(fill)}"}', i % 1000) AS BLOB),
        'application/json', NULL, '', '', NULL)
    FROM numbers;
    INSERT INTO tenants (tenant_no, tenant_id, position, recorded_at, bytes)
    VALUES (1, '${fill.tenant}', ${last}, ${at(String(last))}, ${last * sizeOf(fill)})
    ON CONFLICT (tenant_no) DO UPDATE SET position = excluded.position,
      recorded_at = excluded.recorded_at, bytes = excluded.bytes;`;
}
