import type { StreamQuery } from "../store.js";
import { pageOf } from "./page-of.js";
import { eventColumns, type EventRow } from "./row.js";
import type { Statements } from "./statements.js";

/** A page of one stream, by its index. */
export function readStream(
  statements: Statements,
  query: StreamQuery,
): { rows: EventRow[]; atEnd: boolean } {
  const { tenantId, stream, fromVersion, toVersion } = query;
  const statement = statements.prepare(query.direction === "forwards" ? forwards : backwards);
  const { aggregateType, aggregateId } = stream;
  const page = pageOf(
    statement.iterate(tenantId, aggregateType, aggregateId, fromVersion, toVersion),
    query,
  );
  return { rows: page.rows, atEnd: !page.full };
}

const select = `
  SELECT ${eventColumns} FROM events INDEXED BY events_by_stream
  WHERE tenant_id = ? AND aggregate_type = ? AND aggregate_id = ?
    AND aggregate_version BETWEEN ? AND ?
  ORDER BY aggregate_version`;
const forwards = `${select} ASC`;
const backwards = `${select} DESC`;
