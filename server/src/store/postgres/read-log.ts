import { encodeCursor, parseCursor } from "../global-cursor.js";
import type { LogPage, LogQuery, ReadOptions, WholeLogPage, WholeLogQuery } from "../store.js";
import { isPlain, lastPlace } from "../log-range.js";
import type { QueryPool } from "./query-pool.js";
import { readOn, readWholeOn } from "./read-on.js";
import { scanLog } from "./scan-log.js";

/** A page of a tenant's log. */
export async function readLog(
  pool: QueryPool,
  query: LogQuery,
  options?: ReadOptions,
): Promise<LogPage> {
  const { tenantId } = query;
  if (isPlain(query)) return readOn(pool, tenantId, query, options);
  return scanLog(pool, { place: "position", tenantId }, query, options);
}

/** A page of the whole log. */
export async function readWholeLog(
  pool: QueryPool,
  query: WholeLogQuery,
  options?: ReadOptions,
): Promise<WholeLogPage> {
  const from = query.from === "" ? undefined : parseCursor(query.from);
  const to = query.to === "" ? undefined : parseCursor(query.to);
  if (isPlain(query)) {
    const range = { ...query, from: from ?? 0n, to: to ?? lastPlace };
    const page = await readWholeOn(pool, range, options);
    return { ...page, scannedTo: encodeCursor(page.scannedTo) };
  }
  const log = { place: "global_position", tenantId: undefined } as const;
  const end = query.direction === "forwards" ? lastPlace : 1n;
  const page = await scanLog(pool, log, { ...query, from, to: to ?? end }, options);
  return { ...page, scannedTo: encodeCursor(page.scannedTo) };
}
