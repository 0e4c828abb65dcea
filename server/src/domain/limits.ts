/**
 * The limits that a request meets, by the names that errors and docs use. Those that an operator
 * may set are in config/; these are part of the contract.
 */
export const limits = {
  /** Longest aggregate type, aggregate id, event type, content type, tag, metadata key, correlation or causation id, in bytes of UTF-8. */
  nameBytes: 255,
  /** Largest event: its data, metadata, tags and names, in bytes. */
  eventBytes: 1_048_576,
  /** Most events in one append. */
  appendEvents: 1_000,
  /** Largest append, in bytes over its events. */
  appendBytes: 4_194_304,
  /** Most metadata keys of an event. */
  metadataKeys: 64,
  /** Most tags of an event, or in a filter. */
  tags: 32,
  /** Most values in one list of a filter. */
  filterValues: 100,
  /** Largest request message, in bytes: an append at its limit, and what the wire adds. */
  messageBytes: 5_242_880,
  /** Most fields of a request message and the messages in it, as they stand in binary: an append at its limits has fewer. */
  messageFields: 250_000,
  /** Most events in one page. */
  pageEvents: 1_000,
  /** A page is closed when its events pass this, in bytes; it always holds at least one event. */
  pageBytes: 1_048_576,
  /** Largest snapshot, in bytes. */
  snapshotBytes: 1_048_576,
  /** Most tenants in one page of a list. */
  pageTenants: 1_000,
  /** Most features of a tenant. */
  tenantFeatures: 100,
  /** Most projections of a tenant, or of the whole log. */
  projections: 1_000,
  /** Most projections in one page of a list. */
  pageProjections: 100,
  /** Longest place of a projection, in bytes of UTF-8. */
  placeBytes: 4_096,
  /** Most dead letters of a projection. */
  deadLetters: 1_000,
  /** Most dead letters in one page of a list. */
  pageDeadLetters: 100,
  /** Longest error of a dead letter, in bytes of UTF-8. */
  deadLetterErrorBytes: 8_192,
} as const;
