import { create } from "@bufbuild/protobuf";
import {
  type Timestamp,
  timestampDate,
  timestampFromDate,
  EmptySchema,
} from "@bufbuild/protobuf/wkt";
import {
  type NewEvent as ProtoNewEvent,
  NewEventSchema,
  type RecordedEvent,
} from "@annals/proto/annals/v1/event";
import {
  type ExpectedVersion as ProtoExpectedVersion,
  ExpectedVersionSchema,
  type Filter,
  FilterSchema,
} from "@annals/proto/annals/v1/event_store";
import type { DomainEvent, NewEvent } from "../events/domain-event.js";
import type { EventRegistry } from "../events/registry.js";

/**
 * What a stream must be for an append to happen: at exactly this version (0n: without events),
 * without events, with some, or whatever it is.
 */
export type ExpectedVersion = bigint | "no_stream" | "stream_exists" | "any";

/** Picks events: those that meet every part that is set; within a list, any of its values. */
export interface EventFilter {
  readonly aggregateTypes?: readonly string[];
  readonly aggregateIds?: readonly string[];
  /** Exact; joined by "or" with the prefixes. */
  readonly eventTypes?: readonly string[];
  readonly eventTypePrefixes?: readonly string[];
  /** Tags, all of which the event must carry. */
  readonly tags?: readonly string[];
  /** Earliest recordedAt, inclusive. */
  readonly recordedFrom?: Date | undefined;
  /** Latest recordedAt, exclusive. */
  readonly recordedBefore?: Date | undefined;
}

export function toProtoExpected(expected: ExpectedVersion): ProtoExpectedVersion {
  const empty = create(EmptySchema);
  switch (expected) {
    case "no_stream":
      return create(ExpectedVersionSchema, { kind: { case: "noStream", value: empty } });
    case "stream_exists":
      return create(ExpectedVersionSchema, { kind: { case: "streamExists", value: empty } });
    case "any":
      return create(ExpectedVersionSchema, { kind: { case: "any", value: empty } });
    default:
      return create(ExpectedVersionSchema, { kind: { case: "exactly", value: expected } });
  }
}

export function toProtoEvent(event: NewEvent): ProtoNewEvent {
  return create(NewEventSchema, {
    eventId: event.eventId,
    eventType: event.eventType,
    occurredAt: timestampFromDate(event.occurredAt),
    data: event.payload,
    contentType: "application/json",
    metadata: event.metadata,
    correlationId: event.correlationId ?? "",
    causationId: event.causationId ?? "",
    tags: [...event.tags],
  });
}

export function toProtoFilter(filter: EventFilter | undefined): Filter | undefined {
  if (!filter) return undefined;
  return create(FilterSchema, {
    aggregateTypes: [...(filter.aggregateTypes ?? [])],
    aggregateIds: [...(filter.aggregateIds ?? [])],
    eventTypes: [...(filter.eventTypes ?? [])],
    eventTypePrefixes: [...(filter.eventTypePrefixes ?? [])],
    tags: [...(filter.tags ?? [])],
    ...(filter.recordedFrom && { recordedFrom: timestampFromDate(filter.recordedFrom) }),
    ...(filter.recordedBefore && { recordedBefore: timestampFromDate(filter.recordedBefore) }),
  });
}

/** @throws AnnalsError unreadable_event */
export function toDomainEvent(
  event: RecordedEvent,
  globalPosition: bigint | undefined,
  registry: EventRegistry,
): DomainEvent {
  return Object.freeze({
    eventId: event.eventId,
    eventType: event.eventType,
    aggregateType: event.aggregateType,
    aggregateId: event.aggregateId,
    tenantId: event.tenantId,
    aggregateVersion: event.aggregateVersion,
    position: event.position,
    globalPosition,
    occurredAt: toDate(event.occurredAt),
    recordedAt: toDate(event.recordedAt),
    data: registry.decode(event),
    metadata: Object.freeze(event.metadata),
    correlationId: event.correlationId || undefined,
    causationId: event.causationId || undefined,
    tags: Object.freeze(event.tags),
  });
}

/** A time to the millisecond. Every recorded event has both its times. */
export function toDate(timestamp: Timestamp | undefined): Date {
  return timestamp ? timestampDate(timestamp) : new Date(Number.NaN);
}
