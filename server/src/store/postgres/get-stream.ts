import type { StreamId, StreamInfo } from "../../domain/stream.js";
import type { ReadOptions } from "../store.js";
import { allTenants, type QueryPool } from "./query-pool.js";
import { toInstant } from "./row.js";

/** What the first and the last event of a stream say of it. */
export async function getStream(
  pool: QueryPool,
  tenantId: string,
  { aggregateType, aggregateId }: StreamId,
  options?: ReadOptions,
): Promise<StreamInfo | undefined> {
  const [row] = await pool.query<[string, string, string]>(
    tenantId,
    `SELECT last.aggregate_version, first.recorded_at, last.recorded_at
     FROM (${endOf("ASC")}) AS first, (${endOf("DESC")}) AS last`,
    [tenantId, aggregateType, aggregateId],
    options,
  );
  return (
    row && {
      version: BigInt(row[0]),
      createdAt: toInstant(row[1]),
      updatedAt: toInstant(row[2]),
    }
  );
}

function endOf(order: "ASC" | "DESC"): string {
  return `
    SELECT aggregate_version, recorded_at FROM annals.events
    WHERE tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3
    ORDER BY aggregate_version ${order} LIMIT 1`;
}

/** Whether a tenant other than this one has a stream of this name. */
export async function isForeignStream(
  pool: QueryPool,
  tenantId: string,
  { aggregateType, aggregateId }: StreamId,
  options?: ReadOptions,
): Promise<boolean> {
  const rows = await pool.query(
    allTenants,
    `SELECT tenant_id FROM annals.events
     WHERE aggregate_id = $1 AND aggregate_type = $2 AND tenant_id <> $3 AND aggregate_version = 1
     LIMIT 1`,
    [aggregateId, aggregateType, tenantId],
    options,
  );
  return rows.length > 0;
}
