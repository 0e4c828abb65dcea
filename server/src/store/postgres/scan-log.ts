import type { RecordedEvent } from "../../domain/event.js";
import type { EventFilter } from "../../domain/filter.js";
import type { Direction } from "../../domain/log.js";
import { type PlaceRange, rangeOf } from "../log-range.js";
import type { PageBounds, ReadOptions } from "../store.js";
import { cutToTime } from "./cut-to-time.js";
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
  readonly events: readonly RecordedEvent[];
  readonly scannedTo: bigint;
  readonly atEnd: boolean;
}

/** A page of a log: by type's own index where a tenant asks for one type, else by place. */
export async function scanLog(
  pool: QueryPool,
  log: Log,
  scan: Scan,
  options?: ReadOptions,
): Promise<ScanPage> {
  const forwards = scan.direction === "forwards";
  const whole = rangeOf(scan.direction, scan.from, scan.to, log.head);
  if (whole.lowest > whole.highest) return { events: [], scannedTo: scan.from, atEnd: true };
  const end = forwards ? whole.highest : whole.lowest;

  const range = await cutToTime(pool, log, whole, scan.filter, options);
  if (range.lowest > range.highest) return { events: [], scannedTo: end, atEnd: true };
  const part = await partOf(pool, log, range, scan, options);

  const page = await readPage(pool, log, scan, part, options);
  const last = page.events.at(-1);
  if (page.full && last) {
    const scannedTo = log.place === "position" ? last.position : last.globalPosition;
    return { events: page.events, scannedTo, atEnd: scannedTo === end };
  }
  const atEnd = forwards ? part.highest === range.highest : part.lowest === range.lowest;
  const scannedTo = atEnd ? end : forwards ? part.highest : part.lowest;
  return { events: page.events, scannedTo, atEnd };
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
  { tenantId, place }: Log,
  { direction, filter, maxEvents, maxBytes }: Scan,
  { lowest, highest }: PlaceRange,
  options?: ReadOptions,
): Promise<BoundedPage> {
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
  };
  const scope = tenantId ?? allTenants;
  const page = { maxEvents, maxBytes };
  const { values } = parameters;
  return isFew
    ? pageOfRows(await pool.query(scope, selectPageSql(parts), values, options), page)
    : pageOfCopied(await pool.copy(scope, copyPageSql(parts), values, options), page);
}
