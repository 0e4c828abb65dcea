import type { LogHead, WholeLogHead } from "../../domain/log.js";
import { encodeCursor } from "../global-cursor.js";
import type { ReadOptions } from "../store.js";
import { allTenants, type QueryPool } from "./query-pool.js";
import { toInstant } from "./row.js";

/** A log: how its events are counted, and whose it is. */
export interface Log {
  readonly place: "position" | "global_position";
  /** Undefined: the whole log. */
  readonly tenantId: string | undefined;
}

/** Place of a log's last event; 0 for an empty one. */
export async function headOf(
  pool: QueryPool,
  { tenantId }: Log,
  options?: ReadOptions,
): Promise<bigint> {
  if (tenantId === undefined) return (await getWholeHead(pool, options)).globalPosition;
  return (await getHead(pool, tenantId, options)).position;
}

export async function getHead(
  pool: QueryPool,
  tenantId: string,
  options?: ReadOptions,
): Promise<LogHead> {
  const [row] = await pool.query<[string, string]>(
    tenantId,
    "SELECT position, recorded_at FROM annals.tenants WHERE tenant_id = $1",
    [tenantId],
    options,
  );
  return row
    ? { position: BigInt(row[0]), recordedAt: toInstant(row[1]) }
    : { position: 0n, recordedAt: undefined };
}

export async function getWholeHead(pool: QueryPool, options?: ReadOptions): Promise<WholeLogHead> {
  const [row] = await pool.query<[string, string | null]>(
    allTenants,
    "SELECT global_position, recorded_at FROM annals.log_head WHERE id = 1",
    [],
    options,
  );
  const globalPosition = BigInt(row?.[0] ?? 0);
  const recordedAt = row?.[1] == null ? undefined : toInstant(row[1]);
  return { cursor: encodeCursor(globalPosition), globalPosition, recordedAt };
}
