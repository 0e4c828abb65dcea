import type { DomainEvent, NewEvent } from "../events/domain-event.js";

/** Where an event stands that a test makes up. */
export interface RecordedAs {
  /** Default: "1". */
  readonly aggregateId?: string;
  /** Default: "tenant". */
  readonly tenantId?: string;
  /** Default: 1n. */
  readonly aggregateVersion?: bigint;
  /** Default: the version. */
  readonly position?: bigint;
}

/** An event as a reader would get it, had it been appended. */
export function recorded<Type extends string, Data>(
  event: NewEvent<Type, Data>,
  as: RecordedAs = {},
): DomainEvent<Type, Data> {
  const { aggregateVersion = 1n } = as;
  return Object.freeze({
    eventId: event.eventId,
    eventType: event.eventType,
    aggregateType: event.aggregateType,
    aggregateId: as.aggregateId ?? "1",
    tenantId: as.tenantId ?? "tenant",
    aggregateVersion,
    position: as.position ?? aggregateVersion,
    globalPosition: undefined,
    occurredAt: event.occurredAt,
    recordedAt: event.occurredAt,
    data: event.data,
    metadata: event.metadata,
    correlationId: event.correlationId,
    causationId: event.causationId,
    tags: event.tags,
  });
}
