import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { RecordedEvent as WireEvent } from "@annals/proto/annals/v1/event";
import type { ReadAllResponse, ReadResponse } from "@annals/proto/annals/v1/event_store";
import type { RecordedEvent } from "#server/domain/event.js";

/** An event of the model as an answer should show it. */
export function shown(event: RecordedEvent): object {
  const { occurredAt, recordedAt, data } = event;
  return { ...namesOf(event), occurredAt, recordedAt, data: Buffer.from(data).toString() };
}

/** An event of an answer in the same shape. */
export function seen(event: WireEvent): object {
  const [occurredAt, recordedAt] = [microsOf(event.occurredAt), microsOf(event.recordedAt)];
  return { ...namesOf(event), occurredAt, recordedAt, data: Buffer.from(event.data).toString() };
}

function namesOf(event: WireEvent | RecordedEvent): object {
  return {
    tenantId: event.tenantId,
    eventId: event.eventId,
    aggregateType: event.aggregateType,
    aggregateId: event.aggregateId,
    eventType: event.eventType,
    aggregateVersion: event.aggregateVersion,
    position: event.position,
    contentType: event.contentType,
    metadata: event.metadata,
    correlationId: event.correlationId,
    causationId: event.causationId,
    tags: event.tags,
  };
}

/** In Unix microseconds; undefined: not set. */
export function microsOf(timestamp: Timestamp | undefined): bigint | undefined {
  return timestamp && timestamp.seconds * 1_000_000n + BigInt(timestamp.nanos / 1_000);
}

/** The events of a read's answers. */
export function eventsOf(answers: readonly (ReadResponse | ReadAllResponse)[]): WireEvent[] {
  return answers.flatMap(({ answer }) => (answer.case === "page" ? answer.value.events : []));
}
