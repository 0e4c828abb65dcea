import type { NewEvent, RecordedEvent } from "../../domain/event.js";
import type { TenantId } from "../../domain/tenant.js";

/** The columns of an event, in the order of EventRow. */
export const eventColumns: string =
  "global_position, tenant_id, position, event_id, aggregate_type, aggregate_id, aggregate_version, " +
  "event_type, occurred_at, recorded_at, content_type, metadata, correlation_id, causation_id, tags, data";

/** An event as a row: an array, because that crosses threads cheaper than an object. */
export type EventRow = [
  globalPosition: bigint,
  tenantId: string,
  position: bigint,
  eventId: string,
  aggregateType: string,
  aggregateId: string,
  aggregateVersion: bigint,
  eventType: string,
  occurredAt: bigint,
  recordedAt: bigint,
  contentType: string,
  metadata: string | null,
  correlationId: string,
  causationId: string,
  tags: string | null,
  data: Uint8Array,
];

/** A row as an event. The row is the store's own, so its tenant is a tenant. */
export function toRecordedEvent(row: EventRow): RecordedEvent {
  return {
    globalPosition: row[0],
    tenantId: row[1] as TenantId,
    position: row[2],
    eventId: row[3],
    aggregateType: row[4],
    aggregateId: row[5],
    aggregateVersion: row[6],
    eventType: row[7],
    occurredAt: row[8],
    recordedAt: row[9],
    contentType: row[10],
    metadata: row[11] === null ? {} : (JSON.parse(row[11]) as Record<string, string>),
    correlationId: row[12],
    causationId: row[13],
    tags: row[14] === null ? [] : (JSON.parse(row[14]) as string[]),
    data: row[15],
  };
}

/** What a row takes of a page's bytes; counts as sizeOfEvent does, within its JSON's punctuation. */
export function sizeOfRow(row: EventRow): number {
  const texts = row[7].length + row[10].length + row[12].length + row[13].length;
  return 128 + texts + (row[11]?.length ?? 0) + (row[14]?.length ?? 0) + row[15].byteLength;
}

/** Metadata as a column: NULL when there is none. */
export function metadataColumn(event: NewEvent): string | null {
  for (const _ in event.metadata) return JSON.stringify(event.metadata);
  return null;
}

/** Tags as a column: NULL when there are none. */
export function tagsColumn(event: NewEvent): string | null {
  return event.tags.length === 0 ? null : JSON.stringify(event.tags);
}
