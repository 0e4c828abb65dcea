import type { StreamId, StreamInfo } from "../../domain/stream.js";
import { inStream, tenantNo } from "./numbers.js";
import type { Statements } from "./statements.js";

/** What the first and the last event of a stream say of it. */
export function getStream(
  statements: Statements,
  tenantId: string,
  { aggregateType, aggregateId }: StreamId,
): StreamInfo | undefined {
  const end = (sql: string): EndRow | undefined =>
    statements.prepare(sql).get(tenantId, aggregateType, aggregateId) as EndRow | undefined;
  const last = end(selectLast);
  const first = last && end(selectFirst);
  return first && { version: last[0], createdAt: first[1], updatedAt: last[1] };
}

type EndRow = [version: bigint, recordedAt: bigint];

const selectEnd = `
  SELECT aggregate_version, recorded_at FROM events INDEXED BY events_by_stream
  WHERE ${inStream} ORDER BY aggregate_version`;
const selectFirst = `${selectEnd} ASC LIMIT 1`;
const selectLast = `${selectEnd} DESC LIMIT 1`;

/** Whether a tenant other than this one has a stream of this name. */
export function isForeignStream(
  statements: Statements,
  tenantId: string,
  stream: StreamId,
): boolean {
  const row: unknown = statements
    .prepare(
      `SELECT 1 FROM streams INDEXED BY streams_by_name
       WHERE aggregate_id = ? AND aggregate_type = ?
         AND tenant_no <> coalesce(${tenantNo}, 0)
       LIMIT 1`,
    )
    .get(stream.aggregateId, stream.aggregateType, tenantId);
  return row !== undefined;
}
