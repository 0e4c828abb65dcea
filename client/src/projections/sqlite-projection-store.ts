import { lendDatabase } from "./lent-database.js";
import { superseded } from "./superseded.js";
import type { ProjectionStore } from "./projection-store.js";

/** What is used of a `DatabaseSync`: of node:sqlite, or of a package with its interface. */
export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): {
    get(...values: (string | number | bigint)[]): unknown;
    all(...values: (string | number | bigint)[]): unknown[];
    run(...values: (string | number | bigint)[]): { readonly changes: number | bigint };
  };
}

const schema = `
CREATE TABLE IF NOT EXISTS annals_projection (
  name TEXT PRIMARY KEY,
  fence INTEGER NOT NULL,
  leased_until_ms INTEGER NOT NULL,
  place TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS annals_projection_dead_letter (
  projection TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  position TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (projection, tenant_id, event_id)
) STRICT`;

/**
 * Keeps places in the database of the read model, in one transaction with it. Makes its two tables,
 * `annals_projection` and `annals_projection_dead_letter`, when they are missing. What handlers get as
 * `transaction` refuses every call once their transaction has ended, and so do statements prepared
 * through it.
 *
 * @param database for one runner alone, because a connection has one transaction. Closing it is the
 *   caller's.
 * @param now milliseconds since 1970, for leases. Default: Date.now
 * @throws what SQLite throws
 */
export function openSqliteProjectionStore<Database extends SqliteDatabase>(
  database: Database,
  now: () => number = Date.now,
): ProjectionStore<Database> {
  database.exec(schema);
  return {
    transactional: true,
    acquire: async (projection, ttlMs) => {
      await Promise.resolve();
      const time = Math.floor(now());
      const row = database
        .prepare(
          `INSERT INTO annals_projection (name, fence, leased_until_ms) VALUES (?, 1, ?)
           ON CONFLICT (name) DO UPDATE
             SET fence = fence + 1, leased_until_ms = excluded.leased_until_ms
             WHERE ? OR leased_until_ms < ?
           RETURNING fence, place`,
        )
        .get(projection, time + (ttlMs ?? -1), ttlMs === undefined ? 1 : 0, time) as
        { fence: number; place: string | null } | undefined;
      return row && { projection, fence: BigInt(row.fence), place: row.place ?? undefined };
    },
    renew: async ({ projection, fence }, ttlMs) => {
      await Promise.resolve();
      const { changes } = database
        .prepare("UPDATE annals_projection SET leased_until_ms = ? WHERE name = ? AND fence = ?")
        .run(Math.floor(now()) + ttlMs, projection, fence);
      if (Number(changes) === 0) throw superseded(projection);
    },
    release: async ({ projection, fence }) => {
      await Promise.resolve();
      database
        .prepare("UPDATE annals_projection SET leased_until_ms = 0 WHERE name = ? AND fence = ?")
        .run(projection, fence);
    },
    write: async ({ projection, fence }, work) => {
      database.exec("BEGIN IMMEDIATE");
      const lent = lendDatabase(database, { isOpen: () => isOpen(database) });
      try {
        const { place, deadLetter } = await work(lent.database).finally(lent.end);
        if (!isOpen(database)) throw new Error("the transaction was ended inside the work");
        const { changes } = database
          .prepare("UPDATE annals_projection SET place = ? WHERE name = ? AND fence = ?")
          .run(place, projection, fence);
        if (Number(changes) === 0) throw superseded(projection);
        if (deadLetter) {
          const { tenantId, eventId, position, attempts, error } = deadLetter;
          database
            .prepare(
              "INSERT OR REPLACE INTO annals_projection_dead_letter VALUES (?, ?, ?, ?, ?, ?)",
            )
            .run(projection, tenantId, eventId, String(position), attempts, error);
        }
        database.exec("COMMIT");
      } catch (error) {
        rollBack(database);
        throw error;
      }
    },
    placeOf: async ({ projection, fence }) => {
      await Promise.resolve();
      const row = database
        .prepare("SELECT place FROM annals_projection WHERE name = ? AND fence = ?")
        .get(projection, fence) as { place: string | null } | undefined;
      if (!row) throw superseded(projection);
      return row.place ?? undefined;
    },
    listDeadLetters: async (projection) => {
      await Promise.resolve();
      const rows = database
        .prepare(
          `SELECT tenant_id, event_id, position, attempts, error FROM annals_projection_dead_letter
           WHERE projection = ? ORDER BY tenant_id, event_id`,
        )
        .all(projection) as DeadLetterRow[];
      return rows.map((row) => ({
        tenantId: row.tenant_id,
        eventId: row.event_id,
        position: BigInt(row.position),
        attempts: row.attempts,
        error: row.error,
      }));
    },
    removeDeadLetter: async (projection, tenantId, eventId) => {
      await Promise.resolve();
      database
        .prepare(
          `DELETE FROM annals_projection_dead_letter
           WHERE projection = ? AND tenant_id = ? AND event_id = ?`,
        )
        .run(projection, tenantId, eventId);
    },
  };
}

interface DeadLetterRow {
  readonly tenant_id: string;
  readonly event_id: string;
  readonly position: string;
  readonly attempts: number;
  readonly error: string;
}

/** Whether the transaction is still open: only then another cannot begin. */
function isOpen(database: SqliteDatabase): boolean {
  try {
    database.exec("BEGIN; ROLLBACK");
    return false;
  } catch {
    return true;
  }
}

function rollBack(database: SqliteDatabase): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // The error that leads here has done it already.
  }
}
