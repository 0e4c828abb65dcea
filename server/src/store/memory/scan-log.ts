import type { RecordedEvent } from "../../domain/event.js";
import { type EventFilter, matchesFilter } from "../../domain/filter.js";
import type { Direction } from "../../domain/log.js";
import { PageBuilder } from "../page-builder.js";
import type { LogPage, PageBounds } from "../store.js";

/** Most places that one page looks at. */
const maxScanned = 10_000n;

/** Which part of a list, whose index i is place i + 1. */
export interface Scan extends PageBounds {
  readonly direction: Direction;
  /** Exclusive. */
  readonly from: bigint;
  /** Inclusive, in reading order. */
  readonly to: bigint;
  readonly filter: EventFilter;
}

/** A page of a log that is a list. */
export function scanLog(log: readonly RecordedEvent[], scan: Scan): LogPage {
  const forwards = scan.direction === "forwards";
  const length = BigInt(log.length);
  const step = forwards ? 1n : -1n;
  const start = forwards || scan.from <= length ? scan.from : length + 1n;
  const end = forwards ? min(scan.to, length) : max(scan.to, 1n);
  const page = new PageBuilder(scan);
  let scannedTo = start;
  while (forwards ? scannedTo < end : scannedTo > end) {
    const scanned = forwards ? scannedTo - start : start - scannedTo;
    if (page.full || scanned >= maxScanned) {
      return { events: page.events, scannedTo, atEnd: false };
    }
    scannedTo += step;
    const event = log[Number(scannedTo) - 1];
    if (event && matchesFilter(scan.filter, event)) page.add(event);
  }
  return { events: page.events, scannedTo, atEnd: true };
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
