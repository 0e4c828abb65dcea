import type { NewEvent } from "../../domain/event.js";

/** An event as it is read: where it stands in the log that is read, in the whole log, and its frame. */
export type EventRow = [place: bigint, globalPosition: bigint, frame: Uint8Array];

/** Metadata as it crosses threads: null when there is none. */
export function metadataColumn(event: NewEvent): string | null {
  for (const _ in event.metadata) return JSON.stringify(event.metadata);
  return null;
}

/** Tags as a column: NULL when there are none. */
export function tagsColumn(event: NewEvent): string | null {
  return event.tags.length === 0 ? null : JSON.stringify(event.tags);
}
