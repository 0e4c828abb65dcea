import type { Instant } from "./instant.js";
import type { TenantId } from "./tenant.js";

/** What client and server say of an event alike. */
interface EventContent {
  /** Lower-case UUID, unique within the tenant. */
  readonly eventId: string;
  /** What happened, 1 to 255 bytes of UTF-8. */
  readonly eventType: string;
  /** When it happened, by the client's clock. */
  readonly occurredAt: Instant;
  /** The payload, opaque. */
  readonly data: Uint8Array;
  /** Media type of data. */
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Empty when none was given. */
  readonly correlationId: string;
  /** Empty when none was given. */
  readonly causationId: string;
  readonly tags: readonly string[];
}

/** An event to append: valid, but without a place yet. */
export interface NewEvent extends Omit<EventContent, "occurredAt"> {
  /** Undefined: take the time of recording. */
  readonly occurredAt: Instant | undefined;
}

/** An event in the log. */
export interface RecordedEvent extends EventContent {
  readonly tenantId: TenantId;
  readonly aggregateType: string;
  readonly aggregateId: string;
  /** 1, 2, 3 ... inside the stream. */
  readonly aggregateVersion: bigint;
  /** 1, 2, 3 ... inside the tenant's log. */
  readonly position: bigint;
  /** 1, 2, 3 ... inside the whole log. For the all-tenants scope only. */
  readonly globalPosition: bigint;
  /** When it was written; never decreases along a log. */
  readonly recordedAt: Instant;
}

/**
 * About how many bytes an event takes on the wire and in memory: what budgets of bytes count.
 * Its variable parts, and 128 for the rest; a string counts its UTF-16 units.
 */
export function sizeOfEvent(event: NewEvent | RecordedEvent): number {
  let bytes = 128 + event.data.byteLength + event.eventType.length + event.contentType.length;
  for (const key in event.metadata) bytes += key.length + (event.metadata[key]?.length ?? 0);
  for (const tag of event.tags) bytes += tag.length;
  return bytes + event.correlationId.length + event.causationId.length;
}

/** Of several events together. */
export function sizeOfEvents(events: readonly (NewEvent | RecordedEvent)[]): number {
  let bytes = 0;
  for (const event of events) bytes += sizeOfEvent(event);
  return bytes;
}
