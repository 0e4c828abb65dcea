import type { StreamQuery } from "../store.js";
import { getStream } from "./get-stream.js";
import { inStream } from "./numbers.js";
import { readPage, type RowPage } from "./page-of.js";
import type { Statements } from "./statements.js";

/** A page of one stream, by its index. */
export function readStream(
  statements: Statements,
  query: StreamQuery,
): { page: RowPage; atEnd: boolean } {
  const { tenantId, stream, fromVersion, toVersion, direction } = query;
  const { aggregateType, aggregateId } = stream;
  const values = [tenantId, aggregateType, aggregateId, fromVersion, toVersion];
  const page = readPage(
    statements,
    { from: ofStream, values, place: "aggregate_version", direction },
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

const ofStream = `events INDEXED BY events_by_stream
  WHERE ${inStream} AND aggregate_version BETWEEN ? AND ?`;
