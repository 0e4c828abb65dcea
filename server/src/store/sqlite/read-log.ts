import type { LogQuery, WholeLogQuery } from "../store.js";
import { encodeCursor, parseCursor } from "../global-cursor.js";
import { getHead, getWholeHead } from "./get-head.js";
import type { RowPage } from "./page-of.js";
import { scanLog, type ScanPage } from "./scan-log.js";
import type { Statements } from "./statements.js";

/** A page of a tenant's log. */
export function readLog(statements: Statements, query: LogQuery): ScanPage {
  const head = getHead(statements, query.tenantId).position;
  return scanLog(statements, { place: "position", tenantId: query.tenantId, head }, query);
}

/** A page of the whole log. */
export function readWholeLog(
  statements: Statements,
  query: WholeLogQuery,
): { page: RowPage; scannedTo: string; atEnd: boolean } {
  const head = getWholeHead(statements).globalPosition;
  const [start, end] = query.direction === "forwards" ? [0n, head] : [head + 1n, 1n];
  const page = scanLog(
    statements,
    { place: "global_position", tenantId: undefined, head },
    {
      ...query,
      from: query.from === "" ? start : parseCursor(query.from),
      to: query.to === "" ? end : parseCursor(query.to),
    },
  );
  return { ...page, scannedTo: encodeCursor(page.scannedTo) };
}
