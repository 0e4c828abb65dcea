import type { Frames } from "../../domain/event-frame.js";
import type { PageBounds } from "../store.js";
import type { EventRow } from "./row.js";

/** Events of a page, as they cross threads: the buffers are their own. */
export interface RowPage extends Frames {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly globalPositions: BigInt64Array<ArrayBuffer>;
  /** Place of the last one; undefined when there is none. */
  readonly last: bigint | undefined;
  /** There may be more. */
  readonly full: boolean;
}

/** A page without events. */
export function emptyPage(): RowPage {
  const bytes = new Uint8Array();
  return { bytes, globalPositions: new BigInt64Array(), last: undefined, full: false };
}

/** Takes rows until a bound is reached. */
export function pageOf(rows: Iterable<unknown>, bounds: PageBounds): RowPage {
  const frames: Uint8Array[] = [];
  const globalPositions: bigint[] = [];
  let last: bigint | undefined;
  let size = 0;
  let full = false;
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
