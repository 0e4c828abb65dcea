import type { StreamId, StreamInfo } from "../../domain/stream.js";
import type { Statements } from "./statements.js";

export function getStream(
  statements: Statements,
  tenantId: string,
  stream: StreamId,
): StreamInfo | undefined {
  const row = statements
    .prepare(
      `SELECT version, created_at, updated_at FROM streams
       WHERE tenant_id = ? AND aggregate_type = ? AND aggregate_id = ?`,
    )
    .get(tenantId, stream.aggregateType, stream.aggregateId) as
    [bigint, bigint, bigint] | undefined;
  return row && { version: row[0], createdAt: row[1], updatedAt: row[2] };
}

/** Whether a tenant other than this one has a stream of this name. */
export function isForeignStream(
  statements: Statements,
  tenantId: string,
  stream: StreamId,
): boolean {
  const row: unknown = statements
    .prepare(
      `SELECT 1 FROM streams INDEXED BY streams_by_name
       WHERE aggregate_id = ? AND aggregate_type = ? AND tenant_id <> ? LIMIT 1`,
    )
    .get(stream.aggregateId, stream.aggregateType, tenantId);
  return row !== undefined;
}
