import type { EventFilter } from "../../domain/filter.js";
import type { Instant } from "../../domain/instant.js";
import type { Direction } from "../../domain/log.js";
import { cutToTime, type PlaceRange, rangeOf } from "../log-range.js";
import type { PageBounds } from "../store.js";
import { toFilterSql } from "./filter-sql.js";
import { tenantNo } from "./numbers.js";
import { emptyPage, readPage, type RowPage } from "./page-of.js";
import type { Statements } from "./statements.js";

/** Most places that one page looks at, where no index leads to those that match. */
const window = 10_000n;

/** A log as the table holds it: which column counts it, and which rows are its. */
export interface Log {
  readonly place: "position" | "global_position";
  /** Undefined: the whole log. */
  readonly tenantId: string | undefined;
  readonly head: bigint;
}

/** Which part of it. */
export interface Scan extends PageBounds {
  readonly direction: Direction;
  /** Exclusive. */
  readonly from: bigint;
  /** Inclusive, in reading order. */
  readonly to: bigint;
  readonly filter: EventFilter;
}

/** Events of a log, and how far it was looked at. */
export interface ScanPage {
  readonly page: RowPage;
  readonly scannedTo: bigint;
  readonly atEnd: boolean;
}

/** A page of a log: by type's own index where one type is asked for, else by place. */
export function scanLog(statements: Statements, log: Log, scan: Scan): ScanPage {
  const forwards = scan.direction === "forwards";
  const whole = rangeOf(scan.direction, scan.from, scan.to, log.head);
  if (whole.lowest > whole.highest) return { page: emptyPage(), scannedTo: scan.from, atEnd: true };
  const end = forwards ? whole.highest : whole.lowest;

  const range = cutToTime(whole, scan.filter, (place) => recordedAtOf(statements, log, place));
  if (range.lowest > range.highest) return { page: emptyPage(), scannedTo: end, atEnd: true };
  const part = partOf(statements, log, scan, range);

  const page = readPart(statements, log, scan, part);
  const { last, full } = page;
  if (full && last !== undefined) return { page, scannedTo: last, atEnd: last === end };
  const atEnd = forwards ? part.highest === range.highest : part.lowest === range.lowest;
  const scannedTo = atEnd ? end : forwards ? part.highest : part.lowest;
  return { page, scannedTo, atEnd };
}

/** How much of a range one page looks at. */
function partOf(statements: Statements, log: Log, scan: Scan, range: PlaceRange): PlaceRange {
  const forwards = scan.direction === "forwards";
  const { aggregateTypes, aggregateIds, eventTypes, eventTypePrefixes, tags } = scan.filter;
  const [type, ...moreTypes] = aggregateTypes;
  if (log.tenantId === undefined || type === undefined || moreTypes.length > 0) {
    return windowOf(range, forwards);
  }
  const picky = [aggregateIds, eventTypes, eventTypePrefixes, tags].some(
    ({ length }) => length > 0,
  );
  if (!picky) return range; // every entry of the index is wanted
  const row = statements
    .prepare(forwards ? lastOfTypeWindow : firstOfTypeWindow)
    .get(log.tenantId, type, range.lowest, range.highest, window - 1n) as [bigint] | undefined;
  if (!row) return range;
  return forwards
    ? { lowest: range.lowest, highest: row[0] }
    : { lowest: row[0], highest: range.highest };
}

const typeWindow = `
  SELECT position FROM events INDEXED BY events_by_type
  WHERE tenant_no = ${tenantNo} AND aggregate_type = ? AND position BETWEEN ? AND ?
  ORDER BY position`;
const lastOfTypeWindow = `${typeWindow} ASC LIMIT 1 OFFSET ?`;
const firstOfTypeWindow = `${typeWindow} DESC LIMIT 1 OFFSET ?`;

function windowOf({ lowest, highest }: PlaceRange, forwards: boolean): PlaceRange {
  if (highest - lowest < window) return { lowest, highest };
  return forwards
    ? { lowest, highest: lowest + window - 1n }
    : { lowest: highest - window + 1n, highest };
}

function readPart(statements: Statements, log: Log, scan: Scan, part: PlaceRange): RowPage {
  const { place, tenantId } = log;
  const { direction, filter } = scan;
  const { conditions, values } = toFilterSql(filter);
  const byType = filter.aggregateTypes.length === 1;
  const table =
    tenantId === undefined
      ? "events WHERE"
      : `events INDEXED BY ${byType ? "events_by_type" : "events_by_position"} WHERE tenant_no = ${tenantNo} AND`;
  const query = {
    from: `${table} ${place} BETWEEN ? AND ?${conditions}`,
    values: [...(tenantId === undefined ? [] : [tenantId]), part.lowest, part.highest, ...values],
    place,
    direction,
  };
  return readPage(statements, query, scan);
}

function recordedAtOf(statements: Statements, log: Log, place: bigint): Instant {
  const tenant = log.tenantId === undefined ? "" : `tenant_no = ${tenantNo} AND `;
  const of = log.tenantId === undefined ? [] : [log.tenantId];
  const row = statements
    .prepare(`SELECT recorded_at FROM events WHERE ${tenant}${log.place} = ?`)
    .get(...of, place) as [Instant] | undefined;
  if (!row) throw new Error(`the log has a hole at ${log.place} ${place}`);
  return row[0];
}
