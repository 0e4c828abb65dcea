import type { StreamId, StreamInfo } from "../../domain/stream.js";
import type { ReadOptions } from "../store.js";
import type { ReadPool } from "./read-pool.js";
import { toInstant } from "./row.js";

export async function getStream(
  pool: ReadPool,
  tenantId: string,
  { aggregateType, aggregateId }: StreamId,
  options?: ReadOptions,
): Promise<StreamInfo | undefined> {
  const [row] = await pool.query<[string, string, string]>(
    `SELECT version, created_at, updated_at FROM annals.streams
     WHERE tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3`,
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

/** Whether a tenant other than this one has a stream of this name. */
export async function isForeignStream(
  pool: ReadPool,
  tenantId: string,
  { aggregateType, aggregateId }: StreamId,
  options?: ReadOptions,
): Promise<boolean> {
  const rows = await pool.query(
    `SELECT tenant_id FROM annals.streams
     WHERE aggregate_id = $1 AND aggregate_type = $2 AND tenant_id <> $3 LIMIT 1`,
    [aggregateId, aggregateType, tenantId],
    options,
  );
  return rows.length > 0;
}
