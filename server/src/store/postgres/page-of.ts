import type { RecordedEvent } from "../../domain/event.js";
import { type Frames, toEvents } from "../../domain/event-frame.js";
import type { PageBounds } from "../store.js";
import type { CopiedRow } from "./copy-out.js";

/** A piece of a page as a row of text: both columns in base64. */
export type PieceRow = readonly [frames: string, globalPositions: string];

/** Which page. Expressions in SQL, such as names of parameters, but for `from` and `order`. */
interface PageParts {
  /** Table and conditions. */
  readonly from: string;
  /** Column and direction. */
  readonly order: string;
  readonly maxEvents: string;
  readonly maxBytes: string;
}

/**
 * PostgreSQL joins so many bytes at a time, and one event more: what it joins in one piece of a whole page makes
 * it ask the system for fresh memory again and again.
 */
const pieceBytes = 65_536;

const size = "octet_length(frame)";
const piece = `bytes_before / ${pieceBytes}`;
const frames = "string_agg(frame, ''::bytea ORDER BY bytes_before)";
const globalPositions = "string_agg(int8send(global_position), ''::bytea ORDER BY bytes_before)";

/** Copies a page in pieces, as bytes: half of the work of selecting it, but planned each time. */
export function copyPageSql(parts: PageParts): string {
  return `COPY (${piecesSql(`${frames}, ${globalPositions}`, parts)}) TO STDOUT (FORMAT binary)`;
}

/** Selects a page in pieces, each a PieceRow: sooner there where a page has few events. */
export function selectPageSql(parts: PageParts): string {
  return piecesSql(`encode(${frames}, 'base64'), encode(${globalPositions}, 'base64')`, parts);
}

/**
 * A page in pieces: joined frames, and their global positions of 8 bytes each. PostgreSQL joins them, for a row
 * costs the driver more than to read it, and bounds them where they are, not after they came: an event
 * comes if those before it are within the bytes.
 */
function piecesSql(columns: string, { from, order, maxEvents, maxBytes }: PageParts): string {
  return `
    SELECT ${columns}
    FROM (
      SELECT frame, global_position,
        sum(${size}) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - ${size} AS bytes_before
      FROM ${from} ORDER BY ${order} LIMIT ${maxEvents}
    ) AS page WHERE bytes_before < ${maxBytes}
    GROUP BY ${piece} ORDER BY ${piece}`;
}

/** A page out of what selectPageSql selects. */
export function pageOfRows(rows: readonly PieceRow[], bounds: PageBounds): BoundedPage {
  const copied = rows.map((row) => row.map((base64) => Buffer.from(base64, "base64")));
  return pageOfCopied(copied, bounds);
}

/** Events of a page. `full` says that a bound was reached: there may be more. */
export interface BoundedPage {
  readonly events: readonly RecordedEvent[];
  readonly full: boolean;
}

/** A page out of what copyPageSql copies. */
export function pageOfCopied(
  pieces: readonly CopiedRow[],
  { maxEvents, maxBytes }: PageBounds,
): BoundedPage {
  let bytes = 0;
  const all = pieces.map(([joined, positions]) => {
    if (!joined || !positions) throw new Error("a piece of a page is empty");
    bytes += joined.length;
    return toFrames(joined, positions);
  });
  const events = toEvents(all);
  return { events, full: events.length >= maxEvents || bytes >= maxBytes };
}

/** Frames out of what PostgreSQL joined. */
export function toFrames(joined: Buffer, globalPositions: Buffer): Frames {
  const bytes = new Uint8Array(joined.buffer, joined.byteOffset, joined.length);
  return { bytes, globalPositions: toInt64s(globalPositions) };
}

function toInt64s(bytes: Buffer): BigInt64Array {
  const numbers = new BigInt64Array(bytes.length / 8);
  for (let i = 0; i < numbers.length; i++) numbers[i] = bytes.readBigInt64BE(8 * i);
  return numbers;
}
