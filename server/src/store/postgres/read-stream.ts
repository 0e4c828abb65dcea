import type { ReadOptions, StreamPage, StreamQuery } from "../store.js";
import { getStream } from "./get-stream.js";
import { pageOfRows, type PieceRow, selectPageSql } from "./page-of.js";
import type { QueryPool } from "./query-pool.js";

/** A page of one stream, by its index. */
export async function readStream(
  pool: QueryPool,
  query: StreamQuery,
  options?: ReadOptions,
): Promise<StreamPage> {
  const { tenantId, stream, fromVersion, toVersion, maxEvents, maxBytes } = query;
  const { aggregateType, aggregateId } = stream;
  const rows = await pool.query<PieceRow>(
    tenantId,
    query.direction === "forwards" ? forwards : backwards,
    [tenantId, aggregateType, aggregateId, fromVersion, toVersion, maxEvents, maxBytes],
    options,
  );
  const { events, full } = pageOfRows(rows, query);
  const last = events.at(-1)?.aggregateVersion;
  if (!full || last === undefined) return { events, atEnd: true };
  const end = query.direction === "forwards" ? toVersion : max(fromVersion, 1n);
  if (last === end || query.direction === "backwards") return { events, atEnd: last === end };
  const info = await getStream(pool, tenantId, stream, options);
  return { events, atEnd: last === info?.version };
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

const from = `
  annals.events
  WHERE tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3
    AND aggregate_version BETWEEN $4 AND $5`;
const bounds = { maxEvents: "$6", maxBytes: "$7" };
const forwards = selectPageSql({ from, order: "aggregate_version ASC", ...bounds });
const backwards = selectPageSql({ from, order: "aggregate_version DESC", ...bounds });
