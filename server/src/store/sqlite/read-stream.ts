import type { StreamQuery } from "../store.js";
import { getStream } from "./get-stream.js";
import { inStream } from "./numbers.js";
import { pageOf, type RowPage } from "./page-of.js";
import type { Statements } from "./statements.js";

/** A page of one stream, by its index. */
export function readStream(
  statements: Statements,
  query: StreamQuery,
): { page: RowPage; atEnd: boolean } {
  const { tenantId, stream, fromVersion, toVersion, direction } = query;
  const statement = statements.prepare(direction === "forwards" ? forwards : backwards);
  const { aggregateType, aggregateId } = stream;
  const page = pageOf(
    statement.iterate(tenantId, aggregateType, aggregateId, fromVersion, toVersion),
    query,
  );
  const { last, full } = page;
  if (!full || last === undefined) return { page, atEnd: true };
  if (direction === "backwards") return { page, atEnd: last <= max(fromVersion, 1n) };
  const version = getStream(statements, tenantId, stream)?.version ?? 0n;
  return { page, atEnd: last >= toVersion || last >= version };
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

const select = `
  SELECT aggregate_version, global_position, frame FROM events INDEXED BY events_by_stream
  WHERE ${inStream} AND aggregate_version BETWEEN ? AND ?
  ORDER BY aggregate_version`;
const forwards = `${select} ASC`;
const backwards = `${select} DESC`;
