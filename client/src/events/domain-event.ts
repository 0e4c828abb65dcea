/** What happened, as aggregates see it: also before it has a place in the log. */
export interface EventFact<Type extends string = string, Data = unknown> {
  /** UUID, unique within the tenant. */
  readonly eventId: string;
  readonly eventType: Type;
  readonly aggregateType: string;
  readonly aggregateId: string;
  /** The tenant; undefined for an event that is not saved yet, by an aggregate that knows none. */
  readonly tenantId: string | undefined;
  /** 1, 2, 3 ... inside the aggregate's stream. */
  readonly aggregateVersion: bigint;
  /** When it happened, by the clock of who raised it; to the millisecond. */
  readonly occurredAt: Date;
  readonly data: Data;
  readonly metadata: Readonly<Record<string, string>>;
  readonly correlationId: string | undefined;
  readonly causationId: string | undefined;
  readonly tags: readonly string[];
}

/** An event in the log. Frozen. */
export interface DomainEvent<Type extends string = string, Data = unknown> extends EventFact<
  Type,
  Data
> {
  readonly tenantId: string;
  /** 1, 2, 3 ... inside the tenant's log. */
  readonly position: bigint;
  /** 1, 2, 3 ... inside the whole log; only for readers of all tenants. */
  readonly globalPosition: bigint | undefined;
  /** When the server wrote it; to the millisecond. */
  readonly recordedAt: Date;
}

/** An event on its way to the log, as `EventDefinition.create` makes it. Frozen. */
export interface NewEvent<Type extends string = string, Data = unknown> extends Omit<
  EventFact<Type, Data>,
  "aggregateId" | "tenantId" | "aggregateVersion"
> {
  /** The data as it is sent. */
  readonly payload: Uint8Array;
  /** What the payload is: JSON in UTF-8 or a protobuf message, and its version. */
  readonly contentType: string;
}

/** What may be said of an event beside its data. */
export interface EventOptions {
  /** Default: a new UUIDv7. Appending the same id again is safe and answers the first result. */
  readonly eventId?: string;
  /** Default: now. */
  readonly occurredAt?: Date;
  /** Added to that of `withMetadata`, before which it goes. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Default: that of the event which is being handled (`withCausation`); none outside of any. */
  readonly correlationId?: string;
  /** Default: the id of the event which is being handled; none outside of any. */
  readonly causationId?: string;
  readonly tags?: readonly string[];
}
