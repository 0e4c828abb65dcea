import type { Instant } from "./instant.js";

/** An aggregate's state as of a version. */
export interface Snapshot {
  /** Version of the last event that is in it. */
  readonly version: bigint;
  /** Version of the state's form, the client's own. */
  readonly schemaVersion: number;
  readonly contentType: string;
  /** Opaque. */
  readonly data: Uint8Array;
}

/** A snapshot that is kept. */
export interface SavedSnapshot extends Snapshot {
  readonly savedAt: Instant;
}
