import { create } from "@bufbuild/protobuf";
import {
  type RecordedEvent as ProtoRecordedEvent,
  RecordedEventSchema,
} from "@annals/proto/annals/v1/event";
import type { RecordedEvent } from "../../domain/event.js";
import { toTimestamp } from "./timestamp.js";

/** An event as every reader gets it: without its global position, which rides beside it in pages. */
export function toRecordedEvent(event: RecordedEvent): ProtoRecordedEvent {
  return create(RecordedEventSchema, {
    tenantId: event.tenantId,
    eventId: event.eventId,
    aggregateType: event.aggregateType,
    aggregateId: event.aggregateId,
    eventType: event.eventType,
    aggregateVersion: event.aggregateVersion,
    position: event.position,
    occurredAt: toTimestamp(event.occurredAt),
    recordedAt: toTimestamp(event.recordedAt),
    data: event.data,
    contentType: event.contentType,
    metadata: event.metadata,
    correlationId: event.correlationId,
    causationId: event.causationId,
    tags: [...event.tags],
  });
}
