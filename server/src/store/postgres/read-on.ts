import { type Frames, toEvents } from "../../domain/event-frame.js";
import type { LogQuery, ReadOptions } from "../store.js";
import { type CopiedRow, copyParameter, copySetting, setCopySetting } from "./copy-out.js";
import { toFrames } from "./page-of.js";
import { allTenants, type QueryPool, type Value } from "./query-pool.js";
import type { ScanPage } from "./scan-log.js";

/** Which part of a log. */
export type PlainQuery = Pick<LogQuery, "from" | "to" | "maxEvents" | "maxBytes">;

/** A page of all the events of a tenant behind a place: what readers that catch up ask for. */
export async function readOn(
  pool: QueryPool,
  tenantId: string,
  query: PlainQuery,
  options?: ReadOptions,
): Promise<ScanPage> {
  const values = [...valuesOf(query), tenantId];
  return pageOfSlices(await pool.copy(tenantId, ofTenant, values, options), query, "position");
}

/** A page of all events behind a place of the whole log. */
export async function readWholeOn(
  pool: QueryPool,
  query: PlainQuery,
  options?: ReadOptions,
): Promise<ScanPage> {
  const slices = await pool.copy(allTenants, ofWholeLog, valuesOf(query), options);
  return pageOfSlices(slices, query, "globalPosition");
}

function valuesOf(query: PlainQuery): readonly Value[] {
  return [query.from, endOf(query), query.maxBytes, 0];
}

/** No place of a log is left out: so many places hold so many events. */
function endOf({ from, to, maxEvents }: PlainQuery): bigint {
  const full = from + BigInt(maxEvents);
  return to < full ? to : full;
}

function pageOfSlices(
  slices: readonly CopiedRow[],
  query: PlainQuery,
  place: "position" | "globalPosition",
): ScanPage {
  const { from, to, maxBytes } = query;
  const head = slices[0]?.[2]?.readBigInt64BE() ?? 0n; // none: an empty log
  const end = to < head ? to : head;
  if (end <= from) return { events: [], scannedTo: from, atEnd: true };
  const pieces: Frames[] = [];
  let bytes = 0;
  for (const [frames, positions] of slices) {
    if (!frames || !positions) continue;
    pieces.push(toFrames(frames, positions));
    bytes += frames.length;
  }
  const events = toEvents(pieces, maxBytes);
  const last = bytes < maxBytes ? endOf({ ...query, to: end }) : events.at(-1)?.[place];
  const scannedTo = last ?? from;
  return { events, scannedTo, atEnd: scannedTo === end };
}

/**
 * How many events PostgreSQL joins at a time. A whole page in one piece makes it ask the system for fresh memory
 * again and again, a quarter of the time that it takes in all.
 */
const sliceEvents = 128;

const size = "octet_length(frame)";

/** The values of a statement. */
const given = {
  from: copyParameter(0, "bigint"),
  end: copyParameter(1, "bigint"),
  maxBytes: copyParameter(2, "bigint"),
  // Not the session's scope, which the tables' policies hold: the second wall is another one.
  tenant: copyParameter(4, "uuid"),
};

/** The one that it counts in: bytes of the slices so far. */
const copied = 3;

/**
 * Selects a page in slices, and with each where the log ends: one statement, so that both are of one moment. Once
 * there are bytes enough no further slice is looked at; what the last one holds too much is left to who
 * reads it. Where an event takes more than its share of the bytes, a slice is cut within.
 */
function pageWithHead(table: string, place: string, head: string): string {
  const range = `
    FROM ${table} ${place} > before AND ${place} <= before + least(${sliceEvents}, ${given.end} - before)
    ORDER BY ${place} LIMIT ${sliceEvents}`;
  const cut = `
    SELECT string_agg(frame, ''::bytea)
    FROM (
      SELECT frame, sum(${size}) OVER (ORDER BY ${place} ROWS UNBOUNDED PRECEDING) - ${size} AS bytes_before
      ${range}
    ) AS events WHERE bytes_before < ${given.maxBytes}`;
  const isSmall = `${size} <= ${given.maxBytes} / ${sliceEvents}`;
  const copiedBytes = copySetting(copied, "bigint");
  const count = setCopySetting(copied, `${copiedBytes} + coalesce(octet_length(frames), 0)`);
  return `COPY (
    SELECT frames, global_positions, (${head}), ${count}
    FROM generate_series(${given.from}, ${given.end} - 1, ${sliceEvents}) AS slices (before), LATERAL (
      SELECT CASE WHEN NOT bool_and(${isSmall}) THEN (${cut})
          ELSE string_agg(frame, ''::bytea) FILTER (WHERE ${isSmall}) END AS frames,
        string_agg(int8send(global_position), ''::bytea) AS global_positions
      FROM (SELECT frame, global_position ${range}) AS events
      WHERE ${copiedBytes} < ${given.maxBytes}
    ) AS slice
  ) TO STDOUT (FORMAT binary)`;
}

const ofTenant = pageWithHead(
  `annals.events WHERE tenant_id = ${given.tenant} AND`,
  "position",
  `SELECT position FROM annals.tenants WHERE tenant_id = ${given.tenant}`,
);

const ofWholeLog = pageWithHead(
  "annals.events WHERE",
  "global_position",
  "SELECT global_position FROM annals.log_head WHERE id = 1",
);
