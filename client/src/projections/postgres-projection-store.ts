import { AnnalsError } from "../connection/errors.js";
import { sleep } from "../connection/sleep.js";
import { lendDatabase } from "./lent-database.js";
import { refuseQuery } from "./refuse-query.js";
import { superseded } from "./superseded.js";
import type { ProjectionStore } from "./projection-store.js";

/** What is used of a client of `pg`. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>;
}

/** What is used of a `Pool` of `pg`. */
export interface PostgresPool extends PostgresClient {
  connect(callback: (error: Error | undefined, client: PooledClient | undefined) => void): void;
}

interface PooledClient extends PostgresClient {
  release(destroy?: boolean): void;
  on(event: "error", listener: () => void): unknown;
  removeListener(event: "error", listener: () => void): unknown;
}

const schema = `
CREATE TABLE IF NOT EXISTS annals_projection (
  name text PRIMARY KEY,
  fence bigint NOT NULL,
  leased_until timestamptz NOT NULL,
  place text
);
CREATE TABLE IF NOT EXISTS annals_projection_dead_letter (
  projection text NOT NULL,
  tenant_id text NOT NULL,
  event_id text NOT NULL,
  position bigint NOT NULL,
  attempts integer NOT NULL,
  error text NOT NULL,
  PRIMARY KEY (projection, tenant_id, event_id)
)`;

/**
 * Keeps places in the database of the read model, in one transaction with it. Makes its two tables,
 * `annals_projection` and `annals_projection_dead_letter`, when they are missing. What handlers get as
 * `transaction` refuses every call once their transaction has ended.
 *
 * @param pool of `pg`. It needs two connections for each runner; closing it is the caller's.
 * @throws what PostgreSQL throws
 */
export async function openPostgresProjectionStore(
  pool: PostgresPool,
): Promise<ProjectionStore<PostgresClient>> {
  // Makers at the same time would collide in the catalogue.
  await inTransaction(pool, async (client) => {
    await client.query("SELECT pg_advisory_xact_lock(hashtext('annals_projection'))");
    await client.query(schema);
  });
  return {
    transactional: true,
    acquire: async (projection, ttlMs) => {
      const { rows } = await pool.query(
        `INSERT INTO annals_projection AS held (name, fence, leased_until)
         VALUES ($1, 1, clock_timestamp() + make_interval(secs => $2))
         ON CONFLICT (name) DO UPDATE SET fence = held.fence + 1, leased_until = EXCLUDED.leased_until
         WHERE $3 OR held.leased_until < clock_timestamp()
         RETURNING fence, place`,
        [projection, (ttlMs ?? 0) / 1_000, ttlMs === undefined],
      );
      const [row] = rows as { fence: string; place: string | null }[];
      return row && { projection, fence: BigInt(row.fence), place: row.place ?? undefined };
    },
    renew: async ({ projection, fence }, ttlMs) => {
      const { rows } = await pool.query(
        `UPDATE annals_projection SET leased_until = clock_timestamp() + make_interval(secs => $3)
         WHERE name = $1 AND fence = $2 RETURNING name`,
        [projection, fence, ttlMs / 1_000],
      );
      if (rows.length === 0) throw superseded(projection);
    },
    release: async ({ projection, fence }) => {
      await pool.query(
        "UPDATE annals_projection SET leased_until = '-infinity' WHERE name = $1 AND fence = $2",
        [projection, fence],
      );
    },
    write: ({ projection, fence }, work) =>
      inTransaction(pool, async (client) => {
        const lent = lendDatabase(client, { refuse: refuseQuery });
        const { place, deadLetter } = await work(lent.database).finally(lent.end);
        const { rows } = await client.query(
          `UPDATE annals_projection SET place = $3 WHERE name = $1 AND fence = $2 AND ${isOpen}
           RETURNING name`,
          [projection, fence, place],
        );
        if (rows.length === 0) {
          await assertOpen(client);
          throw superseded(projection);
        }
        if (!deadLetter) return;
        const { tenantId, eventId, position, attempts, error } = deadLetter;
        await client.query(
          `INSERT INTO annals_projection_dead_letter VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (projection, tenant_id, event_id)
           DO UPDATE SET attempts = EXCLUDED.attempts, error = EXCLUDED.error`,
          [projection, tenantId, eventId, position, attempts, error],
        );
      }),
    placeOf: async ({ projection, fence }) => {
      // Waits for a transaction in doubt: it holds the row until it has ended.
      const { rows } = await pool.query(
        "SELECT place FROM annals_projection WHERE name = $1 AND fence = $2 FOR UPDATE",
        [projection, fence],
      );
      const [row] = rows as { place: string | null }[];
      if (!row) throw superseded(projection);
      return row.place ?? undefined;
    },
    listDeadLetters: async (projection) => {
      const { rows } = await pool.query(
        `SELECT tenant_id, event_id, position, attempts, error FROM annals_projection_dead_letter
         WHERE projection = $1 ORDER BY tenant_id, position`,
        [projection],
      );
      return (rows as DeadLetterRow[]).map((row) => ({
        tenantId: row.tenant_id,
        eventId: row.event_id,
        position: BigInt(row.position),
        attempts: row.attempts,
        error: row.error,
      }));
    },
    removeDeadLetter: async (projection, tenantId, eventId) => {
      await pool.query(
        `DELETE FROM annals_projection_dead_letter
         WHERE projection = $1 AND tenant_id = $2 AND event_id = $3`,
        [projection, tenantId, eventId],
      );
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

/** Marks the transaction: the setting ends with it, and is not there in one that is begun behind it. */
const begin = "BEGIN; SET LOCAL annals.transaction = 'open'";
const isOpen = "current_setting('annals.transaction', true) = 'open'";

async function assertOpen(client: PostgresClient): Promise<void> {
  const { rows } = await client.query(`SELECT ${isOpen} AS open`);
  const [row] = rows as { open: boolean | null }[];
  if (!row?.open) throw new Error("the transaction was ended inside the work");
}

async function inTransaction(
  pool: PostgresPool,
  work: (client: PostgresClient) => Promise<void>,
): Promise<void> {
  const client = await takeClient(pool);
  let committed = false;
  try {
    await client.query(begin);
    await work(client);
    await client.query("COMMIT");
    committed = true;
  } catch (error) {
    if (await isLost(client, pool)) {
      throw new AnnalsError("unavailable", "the database was lost", {}, { cause: error });
    }
    throw error;
  } finally {
    if (committed) client.removeListener("error", ignore);
    // A handler whose time is over may still use the connection: closing it undoes all it wrote.
    client.release(!committed);
  }
}

/**
 * A connection that breaks between two queries tells its listeners, and fails the next query. One
 * may break with the packet that opened it: whoever awaited the pool's promise would listen too
 * late, and an error nobody listens to ends the process.
 */
function takeClient(pool: PostgresPool): Promise<PooledClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (!client) {
        reject(error ?? new Error("the pool gave no connection"));
        return;
      }
      client.on("error", ignore);
      resolve(client);
    });
  });
}

/** Whether it is the database that failed, and not what was done with it. */
async function isLost(client: PostgresClient, pool: PostgresPool): Promise<boolean> {
  const answered = await answers(client, "ROLLBACK", 1_000);
  // Its own query may keep the connection busy for long: then another one tells.
  return !(answered ?? (await answers(pool, "SELECT 1", 5_000)) ?? false);
}

/** @returns undefined when nothing came in time */
async function answers(
  client: PostgresClient,
  query: string,
  timeoutMs: number,
): Promise<boolean | undefined> {
  const late = new AbortController();
  const answer = client.query(query).then(
    () => true,
    () => false,
  );
  const timeout = sleep(timeoutMs, late.signal).then(
    () => undefined,
    () => undefined,
  );
  const first = await Promise.race([answer, timeout]);
  late.abort();
  return first;
}

function ignore(): void {
  // The query that meets it throws.
}
