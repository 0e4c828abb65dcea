import type { RecordedEvent } from "../../domain/event.js";
import { type Frames, toEvents } from "../../domain/event-frame.js";
import type { PageBounds } from "../store.js";

/** A page as a row of text: both columns in base64, null for no events. */
export type PageRow = readonly [frames: string | null, globalPositions: string | null];

const size = "octet_length(frame)";

/**
 * Selects a page as one row, a PageRow: its frames, and its global positions of 8 bytes each. PostgreSQL
 * joins them, for a row costs the driver more than to read it, and bounds them where they are, not after
 * they came: an event comes if those before it are within the bytes.
 *
 * @param from table and conditions
 * @param order column and direction
 * @param maxEvents an expression, such as the name of a parameter
 * @param maxBytes an expression, too
 */
export function pageSql(from: string, order: string, maxEvents: string, maxBytes: string): string {
  return `
    SELECT encode(string_agg(frame, ''::bytea), 'base64'),
      encode(string_agg(int8send(global_position), ''::bytea), 'base64')
    FROM (
      SELECT frame, global_position,
        sum(${size}) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - ${size} AS bytes_before
      FROM ${from} ORDER BY ${order} LIMIT ${maxEvents}
    ) AS page WHERE bytes_before < ${maxBytes}`;
}

/** A page out of what pageSql selects. `full` says that a bound was reached: there may be more. */
export function pageOf(
  [row]: readonly PageRow[],
  { maxEvents, maxBytes }: PageBounds,
): { readonly events: readonly RecordedEvent[]; readonly full: boolean } {
  const [frames, globalPositions] = (row ?? []).map((text) =>
    text === null ? null : Buffer.from(text, "base64"),
  );
  if (!frames || !globalPositions) return { events: [], full: false };
  const events = toEvents([toFrames(frames, globalPositions)]);
  return { events, full: events.length >= maxEvents || frames.length >= maxBytes };
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
