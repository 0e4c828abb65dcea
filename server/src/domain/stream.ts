/** The name of an aggregate's stream inside a tenant. The same name in two tenants is two streams. */
export interface StreamId {
  /** Kind of aggregate, 1 to 255 bytes of UTF-8. */
  readonly aggregateType: string;
  /** Which one, 1 to 255 bytes of UTF-8. */
  readonly aggregateId: string;
}

/** What is known of a stream without reading it. */
export interface StreamInfo {
  /** Version of the last event, and so how many there are. At least 1. */
  readonly version: bigint;
  /** recordedAt of the first event. */
  readonly createdAt: bigint;
  /** recordedAt of the last event. */
  readonly updatedAt: bigint;
}
