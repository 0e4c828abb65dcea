import type { ReadOptions } from "../store.js";
import { unavailable } from "./errors.js";
import { allTenants, type QueryPool } from "./query-pool.js";

/**
 * Resolves when the database answers and can be written to.
 *
 * @throws AnnalsError unavailable, also after a failover left this server on a replica
 */
export async function checkWritable(pool: QueryPool, options?: ReadOptions): Promise<void> {
  const [row] = await pool.query<[string]>(
    allTenants,
    "SELECT current_setting('transaction_read_only') FROM annals.log_head",
    [],
    options,
  );
  if (row?.[0] !== "off") throw unavailable("the database is read-only", false);
}
