import { type EventFilter, noFilter } from "../domain/filter.js";
import type { Instant } from "../domain/instant.js";
import type { Direction } from "../domain/log.js";

/** A run of places in a log, both ends inclusive; empty when lowest > highest. */
export interface PlaceRange {
  readonly lowest: bigint;
  readonly highest: bigint;
}

/** A place behind every event. */
export const lastPlace: bigint = 2n ** 63n - 1n;

/** Whether a read takes every event of its range, in order: such pages can be joined, and kept. */
export function isPlain({
  direction,
  filter,
}: {
  readonly direction: Direction;
  readonly filter: EventFilter;
}): boolean {
  return direction === "forwards" && filter === noFilter;
}

/** The places between an exclusive `from` and an inclusive `to`, given in reading order, that a log holds. */
export function rangeOf(direction: Direction, from: bigint, to: bigint, head: bigint): PlaceRange {
  return direction === "forwards"
    ? { lowest: from + 1n, highest: min(to, head) }
    : { lowest: max(to, 1n), highest: min(from - 1n, head) };
}

/**
 * Cuts a range down to a filter's times. recordedAt never decreases along a log, so what a time
 * range picks is a run of places, found by bisection instead of by a scan or an index.
 *
 * @param recordedAtOf when the event at a place was recorded
 */
export function cutToTime(
  range: PlaceRange,
  filter: EventFilter,
  recordedAtOf: (place: bigint) => Instant,
): PlaceRange {
  let { lowest, highest } = range;
  const { recordedFrom, recordedBefore } = filter;
  if (recordedFrom !== undefined) lowest = firstSince(recordedFrom, lowest, highest, recordedAtOf);
  if (recordedBefore !== undefined) {
    highest = firstSince(recordedBefore, lowest, highest, recordedAtOf) - 1n;
  }
  return { lowest, highest };
}

/** The first place in a range that was recorded at an instant or later; one past the range if none was. */
function firstSince(
  instant: Instant,
  lowest: bigint,
  highest: bigint,
  recordedAtOf: (place: bigint) => Instant,
): bigint {
  let low = lowest;
  let high = highest + 1n;
  while (low < high) {
    const middle = (low + high) / 2n;
    if (recordedAtOf(middle) < instant) low = middle + 1n;
    else high = middle;
  }
  return low;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
