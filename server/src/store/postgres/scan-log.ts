import type { RecordedEvent } from "../../domain/event.js";
import type { EventFilter } from "../../domain/filter.js";
import type { Direction } from "../../domain/log.js";
import { type PlaceRange, rangeOf } from "../log-range.js";
import type { PageBounds, ReadOptions } from "../store.js";
import { cutToTime } from "./cut-to-time.js";
import { headOf, type Log } from "./get-head.js";
import { toFilterSql } from "./filter-sql.js";
import {
  type BoundedPage,
  copyPageSql,
  pageOfCopied,
  pageOfRows,
  selectPageSql,
} from "./page-of.js";
import { Parameters } from "./parameters.js";
import { allTenants, type QueryPool } from "./query-pool.js";

/** Most events that one page looks at, where no index leads to those that match. */
const window = 10_000n;

/** A page of at most so many is selected, not copied: it is there sooner. */
const fewEvents = 128;

/** Which part of a log. */
export interface Scan extends PageBounds {
  readonly direction: Direction;
  /** Exclusive; undefined: from the log's beginning, or its end. */
  readonly from: bigint | undefined;
  /** Inclusive, in reading order. */
  readonly to: bigint;
  readonly filter: EventFilter;
}

/** Events of a log, and how far it was looked at. */
export interface ScanPage {
  readonly events: readonly RecordedEvent[];
  readonly scannedTo: bigint;
  readonly atEnd: boolean;
}

/** A page of a log: by type's own index where a tenant asks for one type, else by place. */
export function scanLog(
  pool: QueryPool,
  log: Log,
  scan: Scan,
  options?: ReadOptions,
): Promise<ScanPage> {
  const { recordedFrom, recordedBefore } = scan.filter;
  const ofAnyTime = recordedFrom === undefined && recordedBefore === undefined;
  return scan.direction === "forwards" && ofAnyTime
    ? scanOn(pool, log, scan, options)
    : scanWithin(pool, log, scan, options);
}

/** Forwards, from a place on: where the log ends is told with the page. */
async function scanOn(
  pool: QueryPool,
  log: Log,
  scan: Scan,
  options?: ReadOptions,
): Promise<ScanPage> {
  const { from = 0n, to } = scan;
  if (from >= to) return { events: [], scannedTo: from, atEnd: true };
  const part = await partOf(pool, log, { lowest: from + 1n, highest: to }, scan, options);
  const page = await readPage(pool, log, scan, part, true, options);
  const end = page.head < to ? page.head : to;
  if (end <= from) return { events: [], scannedTo: from, atEnd: true };
  const lookedTo = part.highest < end ? part.highest : end;
  const scannedTo = lastOf(page, log) ?? lookedTo;
  return { events: page.events, scannedTo, atEnd: scannedTo === end };
}

/** Within what the log holds: where it ends is asked for first. */
async function scanWithin(
  pool: QueryPool,
  log: Log,
  scan: Scan,
  options?: ReadOptions,
): Promise<ScanPage> {
  const forwards = scan.direction === "forwards";
  const head = await headOf(pool, log, options);
  const { from = forwards ? 0n : head + 1n, to } = scan;
  const whole = rangeOf(scan.direction, from, to, head);
  if (whole.lowest > whole.highest) return { events: [], scannedTo: from, atEnd: true };
  const end = forwards ? whole.highest : whole.lowest;

  const range = await cutToTime(pool, log, whole, scan.filter, options);
  if (range.lowest > range.highest) return { events: [], scannedTo: end, atEnd: true };
  const part = await partOf(pool, log, range, scan, options);

  const page = await readPage(pool, log, scan, part, false, options);
  const last = lastOf(page, log);
  if (last !== undefined) return { events: page.events, scannedTo: last, atEnd: last === end };
  const atEnd = forwards ? part.highest === range.highest : part.lowest === range.lowest;
  const scannedTo = atEnd ? end : forwards ? part.highest : part.lowest;
  return { events: page.events, scannedTo, atEnd };
}

/** Where a page that is full ended; undefined: it is not. */
function lastOf({ full, events }: BoundedPage, { place }: Log): bigint | undefined {
  const last = full ? events.at(-1) : undefined;
  return place === "position" ? last?.position : last?.globalPosition;
}

/** The part of a range that one page looks at. */
async function partOf(
  pool: QueryPool,
  { tenantId }: Log,
  range: PlaceRange,
  { direction, filter }: Scan,
  options?: ReadOptions,
): Promise<PlaceRange> {
  const { aggregateTypes, aggregateIds, eventTypes, eventTypePrefixes, tags } = filter;
  const forwards = direction === "forwards";
  const [type] = aggregateTypes;
  if (tenantId === undefined || type === undefined || aggregateTypes.length > 1) {
    return windowOf(range, forwards);
  }
  const conditions = [aggregateIds, eventTypes, eventTypePrefixes, tags];
  if (conditions.every(({ length }) => length === 0)) return range;
  const [row] = await pool.query<[string]>(
    tenantId,
    `SELECT position FROM annals.events
     WHERE tenant_id = $1 AND aggregate_type = $2 AND position BETWEEN $3 AND $4
     ORDER BY position ${forwards ? "ASC" : "DESC"} OFFSET $5 LIMIT 1`,
    [tenantId, type, range.lowest, range.highest, window - 1n],
    options,
  );
  if (!row) return range;
  const last = BigInt(row[0]);
  return forwards ? { ...range, highest: last } : { ...range, lowest: last };
}

function windowOf({ lowest, highest }: PlaceRange, forwards: boolean): PlaceRange {
  if (highest - lowest < window) return { lowest, highest };
  return forwards
    ? { lowest, highest: lowest + window - 1n }
    : { lowest: highest - window + 1n, highest };
}

async function readPage(
  pool: QueryPool,
  log: Log,
  { direction, filter, maxEvents, maxBytes }: Scan,
  { lowest, highest }: PlaceRange,
  withHead: boolean,
  options?: ReadOptions,
): Promise<BoundedPage> {
  const { tenantId, place } = log;
  const isFew = maxEvents <= fewEvents;
  const parameters = new Parameters(!isFew);
  const tenant =
    tenantId === undefined ? "" : `tenant_id = ${parameters.add(tenantId, "uuid")} AND `;
  const bounds = `${place} BETWEEN ${parameters.add(lowest, "bigint")} AND ${parameters.add(highest, "bigint")}`;
  const conditions = toFilterSql(filter, parameters);
  const parts = {
    from: `annals.events WHERE ${tenant}${bounds}${conditions}`,
    order: `${place} ${direction === "forwards" ? "ASC" : "DESC"}`,
    maxEvents: parameters.add(maxEvents, "bigint"),
    maxBytes: parameters.add(maxBytes, "bigint"),
    ...(withHead && { head: headSql(log, parameters) }),
  };
  const scope = tenantId ?? allTenants;
  const page = { maxEvents, maxBytes };
  const { values } = parameters;
  return isFew
    ? pageOfRows(await pool.query(scope, selectPageSql(parts), values, options), page)
    : pageOfCopied(await pool.copy(scope, copyPageSql(parts), values, options), page);
}

function headSql({ tenantId }: Log, parameters: Parameters): string {
  return tenantId === undefined
    ? "SELECT global_position FROM annals.log_head WHERE id = 1"
    : `SELECT position FROM annals.tenants WHERE tenant_id = ${parameters.add(tenantId, "uuid")}`;
}
