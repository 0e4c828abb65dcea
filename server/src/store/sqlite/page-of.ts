import type { Frames } from "../../domain/event-frame.js";
import type { Direction } from "../../domain/log.js";
import type { PageBounds } from "../store.js";
import type { EventRow } from "./row.js";
import type { Statements } from "./statements.js";

/** Events of a page, as they cross threads: the buffers are their own. */
export interface RowPage extends Frames {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly globalPositions: BigInt64Array<ArrayBuffer>;
  /** Place of the last one; undefined when there is none. */
  readonly last: bigint | undefined;
  /** There may be more. */
  readonly full: boolean;
}

/** Which rows of the events table. */
export interface PageQuery {
  /** What stands behind FROM, as SQL: the table, its index, conditions. */
  readonly from: string;
  /** Bound by it. */
  readonly values: readonly (string | bigint)[];
  /** The column that counts them. */
  readonly place: "position" | "global_position" | "aggregate_version";
  readonly direction: Direction;
}

/** A page without events. */
export function emptyPage(): RowPage {
  const bytes = new Uint8Array();
  return { bytes, globalPositions: new BigInt64Array(), last: undefined, full: false };
}

/** Few events are joined at once, and tell how large they are. */
const fewEvents = 32;

/** Larger ones are not joined: they are read one by one, until there are bytes enough. */
const joinedBytes = 8_192;

/**
 * A page of some rows. Where events are small, SQLite itself joins their frames, for a value that crosses into
 * JavaScript costs more than to read it. Where bytes bound the page, rows are taken until there are enough.
 */
export function readPage(statements: Statements, query: PageQuery, bounds: PageBounds): RowPage {
  const { maxEvents, maxBytes } = bounds;
  const few = joinPage(statements, query, Math.min(maxEvents, fewEvents), maxBytes);
  if (few && (!few.full || maxEvents <= fewEvents)) return few;
  const areSmall = few && few.bytes.byteLength * maxEvents <= maxBytes * fewEvents;
  const all = areSmall ? joinPage(statements, query, maxEvents, maxBytes) : undefined;
  return all ?? takeRows(statements, query, bounds);
}

/** The first rows, frames and global positions joined; undefined where they are too large for that. */
function joinPage(
  statements: Statements,
  query: PageQuery,
  maxEvents: number,
  maxBytes: number,
): RowPage | undefined {
  const { place, direction } = query;
  // The rows come in the order of the index, and are joined as they come.
  // The limit is an expression: where it is a parameter alone, SQLite prepares the statement anew each time.
  const [bytes, positions, last, sum, largest] = statements
    .prepare(
      `SELECT CAST(group_concat(small, '') AS BLOB), group_concat(global_position),
         ${direction === "forwards" ? "max" : "min"}(place), sum(size), max(size)
       FROM (SELECT length(frame) AS size, CASE WHEN length(frame) <= ${joinedBytes} THEN frame END AS small,
           global_position, ${place} AS place
         FROM ${rowsOf(query)} LIMIT ? + 0)`,
    )
    .get(...query.values, maxEvents) as unknown as JoinedRow;
  if (positions === null) return emptyPage();
  if (!bytes || sum > maxBytes || largest > joinedBytes) return undefined;
  const globalPositions = BigInt64Array.from(positions.split(","), BigInt);
  return { bytes, globalPositions, last, full: globalPositions.length >= maxEvents };
}

type JoinedRow = [
  frames: Uint8Array<ArrayBuffer> | null,
  globalPositions: string | null,
  last: bigint,
  bytes: bigint,
  largest: bigint,
];

/** Rows one by one, until a bound is reached. */
function takeRows(statements: Statements, query: PageQuery, bounds: PageBounds): RowPage {
  const frames: Uint8Array[] = [];
  const globalPositions: bigint[] = [];
  let last: bigint | undefined;
  let size = 0;
  let full = false;
  const rows = statements
    .prepare(`SELECT ${query.place}, global_position, frame FROM ${rowsOf(query)}`)
    .iterate(...query.values);
  for (const [place, globalPosition, frame] of rows as Iterable<EventRow>) {
    last = place;
    globalPositions.push(globalPosition);
    frames.push(frame);
    size += frame.byteLength;
    full = frames.length >= bounds.maxEvents || size >= bounds.maxBytes;
    if (full) break;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.byteLength;
  }
  return { bytes, globalPositions: BigInt64Array.from(globalPositions), last, full };
}

function rowsOf({ from, place, direction }: PageQuery): string {
  return `${from} ORDER BY ${place} ${direction === "forwards" ? "ASC" : "DESC"}`;
}
