import { create } from "@bufbuild/protobuf";
import { type Timestamp, EmptySchema } from "@bufbuild/protobuf/wkt";
import { type NewEvent as ProtoNewEvent, NewEventSchema } from "@annals/proto/annals/v1/event";
import {
  type ExpectedVersion as ProtoExpectedVersion,
  ExpectedVersionSchema,
  type Filter,
  FilterSchema,
} from "@annals/proto/annals/v1/event_store";
import type { DomainEvent, NewEvent } from "../events/domain-event.js";
import type { ReadData } from "../events/registry.js";
import type { WireEvent } from "./decode-event.js";
import { toWireCount, toWireMap, toWireString, toWireStrings, toWireTime } from "./wire-values.js";

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
  /** All-tenants scope only: the tenants whose events are wanted. */
  readonly tenantIds?: readonly string[];
}

/** @throws AnnalsError invalid_argument */
export function toProtoExpected(expected: ExpectedVersion): ProtoExpectedVersion {
  const empty = create(EmptySchema);
  switch (expected) {
    case "no_stream":
      return create(ExpectedVersionSchema, { kind: { case: "noStream", value: empty } });
    case "stream_exists":
      return create(ExpectedVersionSchema, { kind: { case: "streamExists", value: empty } });
    case "any":
      return create(ExpectedVersionSchema, { kind: { case: "any", value: empty } });
    default: {
      const value = toWireCount("expected_version", expected, 0n);
      return create(ExpectedVersionSchema, { kind: { case: "exactly", value } });
    }
  }
}

/** @throws AnnalsError invalid_argument */
export function toProtoEvent(event: NewEvent, index: number): ProtoNewEvent {
  const field = (name: string): string => `events[${index}].${name}`;
  return create(NewEventSchema, {
    eventId: toWireString(field("event_id"), event.eventId),
    eventType: toWireString(field("event_type"), event.eventType),
    occurredAt: toWireTime(field("occurred_at"), event.occurredAt),
    data: event.payload,
    contentType: toWireString(field("content_type"), event.contentType),
    metadata: toWireMap(field("metadata"), event.metadata),
    correlationId: toWireString(field("correlation_id"), event.correlationId ?? ""),
    causationId: toWireString(field("causation_id"), event.causationId ?? ""),
    tags: toWireStrings(field("tags"), event.tags),
  });
}

/** @throws AnnalsError invalid_argument */
export function toProtoFilter(filter: EventFilter | undefined): Filter | undefined {
  if (!filter) return undefined;
  return create(FilterSchema, {
    aggregateTypes: toWireStrings("filter.aggregate_types", filter.aggregateTypes),
    aggregateIds: toWireStrings("filter.aggregate_ids", filter.aggregateIds),
    eventTypes: toWireStrings("filter.event_types", filter.eventTypes),
    eventTypePrefixes: toWireStrings("filter.event_type_prefixes", filter.eventTypePrefixes),
    tags: toWireStrings("filter.tags", filter.tags),
    tenantIds: toWireStrings("filter.tenant_ids", filter.tenantIds),
    ...toProtoTimes("filter.", filter),
  });
}

/** Bounds of recorded_at, where there are any. @throws AnnalsError invalid_argument */
export function toProtoTimes(
  prefix: string,
  { recordedFrom, recordedBefore }: Pick<EventFilter, "recordedFrom" | "recordedBefore">,
): { recordedFrom?: Timestamp; recordedBefore?: Timestamp } {
  return {
    ...(recordedFrom && { recordedFrom: toWireTime(`${prefix}recorded_from`, recordedFrom) }),
    ...(recordedBefore && {
      recordedBefore: toWireTime(`${prefix}recorded_before`, recordedBefore),
    }),
  };
}

export function toDomainEvent(
  event: WireEvent,
  globalPosition: bigint | undefined,
  read: ReadData,
): DomainEvent {
  const domainEvent = {
    eventId: event.eventId,
    eventType: event.eventType,
    aggregateType: event.aggregateType,
    aggregateId: event.aggregateId,
    tenantId: event.tenantId,
    aggregateVersion: event.aggregateVersion,
    position: event.position,
    globalPosition,
    occurredAt: event.occurredAt,
    recordedAt: event.recordedAt,
    data: read.data,
    metadata: event.metadata,
    correlationId: event.correlationId || undefined,
    causationId: event.causationId || undefined,
    tags: event.tags,
  };
  // Into the same object: to spread it into another one takes ten times as long as to make it.
  if (read.kind === "raw") Object.assign(domainEvent, { contentType: event.contentType });
  return Object.freeze(domainEvent);
}

/** A time to the millisecond. Every recorded event has both its times. */
export function toDate(timestamp: Timestamp | undefined): Date {
  if (!timestamp) return new Date(Number.NaN);
  return new Date(Number(timestamp.seconds) * 1_000 + Math.floor(timestamp.nanos / 1_000_000));
}
