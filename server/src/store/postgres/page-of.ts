import type { RecordedEvent } from "../../domain/event.js";
import { type Frames, toEvents } from "../../domain/event-frame.js";
import type { PageBounds } from "../store.js";
import type { CopiedRow } from "./copy-out.js";

/**
 * A piece of a page as a row of text: frames and global positions, in base64, and the log's head where it is
 * asked for. There is at least one row then, without frames if the page has no events.
 */
export type PieceRow = readonly (string | null)[];

/** Which page. Expressions in SQL, such as names of parameters, but for `from` and `order`. */
interface PageParts {
  /** Table and conditions. */
  readonly from: string;
  /** Column and direction. */
  readonly order: string;
  readonly maxEvents: string;
  readonly maxBytes: string;
  /** Where the log ends: told with the page, so that both are of one moment. Undefined: it is not asked for. */
  readonly head?: string;
}

/**
 * PostgreSQL joins so many bytes at a time, and one event more: what it joins in one piece of a whole page makes
 * it ask the system for fresh memory again and again.
 */
const pieceBytes = 65_536;

const size = "octet_length(frame)";
const piece = `bytes_before / ${pieceBytes}`;

/** Copies a page in pieces, as bytes: half of the work of selecting it, but planned each time. */
export function copyPageSql(parts: PageParts): string {
  const sql = piecesSql("frames, global_positions", parts);
  return `COPY (${sql}) TO STDOUT (FORMAT binary)`;
}

/** Selects a page in pieces, each a PieceRow: sooner there where a page has few events. */
export function selectPageSql(parts: PageParts): string {
  return piecesSql("encode(frames, 'base64'), encode(global_positions, 'base64')", parts);
}

/**
 * A page in pieces: joined frames, and their global positions of 8 bytes each. PostgreSQL joins them, for a row
 * costs the driver more than to read it, and bounds them where they are, not after they came: an event
 * comes if those before it are within the bytes.
 */
function piecesSql(columns: string, parts: PageParts): string {
  const { from, order, maxEvents, maxBytes, head } = parts;
  const pieces = `
    SELECT string_agg(frame, ''::bytea ORDER BY bytes_before) AS frames,
      string_agg(int8send(global_position), ''::bytea ORDER BY bytes_before) AS global_positions
    FROM (
      SELECT frame, global_position,
        sum(${size}) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - ${size} AS bytes_before
      FROM ${from} ORDER BY ${order} LIMIT ${maxEvents}
    ) AS page WHERE bytes_before < ${maxBytes}
    GROUP BY ${piece} ORDER BY ${piece}`;
  if (head === undefined) return `SELECT ${columns} FROM (${pieces}) AS pieces`;
  // One row joined with them by nothing: that keeps their order, and is there when they are not.
  return `
    SELECT ${columns}, (${head}) FROM (VALUES (1)) AS one LEFT JOIN (${pieces}) AS pieces ON true`;
}

/** Events of a page, and where the log ended then, or 0. `full` says that a bound was reached: there may be more. */
export interface BoundedPage {
  readonly events: readonly RecordedEvent[];
  readonly full: boolean;
  readonly head: bigint;
}

/** A page out of what selectPageSql selects. */
export function pageOfRows(rows: readonly PieceRow[], bounds: PageBounds): BoundedPage {
  const head = BigInt(rows[0]?.[2] ?? 0);
  const pieces = rows.map((row) => row.slice(0, 2).map(toBuffer));
  return { ...pageOf(pieces, bounds), head };
}

/** A page out of what copyPageSql copies. */
export function pageOfCopied(rows: readonly CopiedRow[], bounds: PageBounds): BoundedPage {
  const head = rows[0]?.[2]?.readBigInt64BE() ?? 0n;
  return { ...pageOf(rows, bounds), head };
}

function pageOf(
  rows: readonly CopiedRow[],
  { maxEvents, maxBytes }: PageBounds,
): Omit<BoundedPage, "head"> {
  let bytes = 0;
  const pieces: Frames[] = [];
  for (const [joined, positions] of rows) {
    if (!joined || !positions) continue;
    pieces.push(toFrames(joined, positions));
    bytes += joined.length;
  }
  const events = toEvents(pieces);
  return { events, full: events.length >= maxEvents || bytes >= maxBytes };
}

function toBuffer(base64: string | null): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, "base64");
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
