import type { RecordedEvent } from "../../domain/event.js";
import { type Frames, toEvents } from "../../domain/event-frame.js";
import type { PageBounds } from "../store.js";

/** A page as a row of text: both columns in base64, null for no events. */
export type PageRow = readonly [frames: string | null, globalPositions: string | null];

const size = "octet_length(frame)";

/**
 * Selects a page as one row: its frames, and its global positions of 8 bytes each; nulls for no
 * events. PostgreSQL joins them, for a row costs the driver more than to read it, and bounds them
 * where they are, not after they came: an event comes if those before it are within the bytes.
 *
 * @param from table and conditions
 * @param order column and direction
 * @param maxEvents an expression, such as the name of a parameter
 * @param maxBytes an expression, too
 */
export function pageSql(from: string, order: string, maxEvents: string, maxBytes: string): string {
  return `
    SELECT string_agg(frame, ''::bytea) AS frames,
      string_agg(int8send(global_position), ''::bytea) AS global_positions
    FROM (
      SELECT frame, global_position,
        sum(${size}) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - ${size} AS bytes_before
      FROM ${from} ORDER BY ${order} LIMIT ${maxEvents}
    ) AS page WHERE bytes_before < ${maxBytes}`;
}

/** The same as text, for statements with parameters: a PageRow. */
export function textPageSql(...parts: Parameters<typeof pageSql>): string {
  return `
    SELECT encode(frames, 'base64'), encode(global_positions, 'base64')
    FROM (${pageSql(...parts)}) AS page`;
}

/** A page out of what pageSql selects. `full` says that a bound was reached: there may be more. */
export function pageOf(
  frames: Buffer | null | undefined,
  globalPositions: Buffer | null | undefined,
  { maxEvents, maxBytes }: PageBounds,
): { readonly events: readonly RecordedEvent[]; readonly full: boolean } {
  if (!frames || !globalPositions) return { events: [], full: false };
  const events = toEvents([toFrames(frames, globalPositions)]);
  return { events, full: events.length >= maxEvents || frames.length >= maxBytes };
}

/** A page out of what textPageSql selects. */
export function pageOfText(
  [row]: readonly PageRow[],
  bounds: PageBounds,
): ReturnType<typeof pageOf> {
  const [frames, globalPositions] = (row ?? []).map((text) =>
    text === null ? null : Buffer.from(text, "base64"),
  );
  return pageOf(frames, globalPositions, bounds);
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
