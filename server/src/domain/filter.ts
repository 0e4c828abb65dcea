import type { RecordedEvent } from "./event.js";
import type { Instant } from "./instant.js";

/** Picks events that meet every part that is set. An empty list is a part not set. */
export interface EventFilter {
  readonly aggregateTypes: readonly string[];
  readonly aggregateIds: readonly string[];
  /** Exact event types; joined by "or" with the prefixes. */
  readonly eventTypes: readonly string[];
  readonly eventTypePrefixes: readonly string[];
  /** Tags, all of which the event carries. */
  readonly tags: readonly string[];
  /** Earliest recordedAt, inclusive. */
  readonly recordedFrom: Instant | undefined;
  /** Latest recordedAt, exclusive. */
  readonly recordedBefore: Instant | undefined;
  /** Lower-case UUIDs; only where all tenants' events are read. They pick; they give no right. */
  readonly tenantIds: readonly string[];
}

/** Picks every event. */
export const noFilter: EventFilter = {
  aggregateTypes: [],
  aggregateIds: [],
  eventTypes: [],
  eventTypePrefixes: [],
  tags: [],
  recordedFrom: undefined,
  recordedBefore: undefined,
  tenantIds: [],
};

/** Whether a filter picks an event. The meaning that every store's queries must have. */
export function matchesFilter(filter: EventFilter, event: RecordedEvent): boolean {
  const { eventTypes, eventTypePrefixes } = filter;
  return (
    (filter.aggregateTypes.length === 0 || filter.aggregateTypes.includes(event.aggregateType)) &&
    (filter.aggregateIds.length === 0 || filter.aggregateIds.includes(event.aggregateId)) &&
    ((eventTypes.length === 0 && eventTypePrefixes.length === 0) ||
      eventTypes.includes(event.eventType) ||
      eventTypePrefixes.some((prefix) => event.eventType.startsWith(prefix))) &&
    filter.tags.every((tag) => event.tags.includes(tag)) &&
    (filter.recordedFrom === undefined || event.recordedAt >= filter.recordedFrom) &&
    (filter.recordedBefore === undefined || event.recordedAt < filter.recordedBefore) &&
    (filter.tenantIds.length === 0 || filter.tenantIds.includes(event.tenantId))
  );
}
