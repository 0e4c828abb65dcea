import type { Instant } from "./instant.js";

/** Order of reading. */
export type Direction = "forwards" | "backwards";

/** Where a tenant's log ends. */
export interface LogHead {
  /** Position of the last event, 0 for an empty log. */
  readonly position: bigint;
  /** When it was recorded; undefined for an empty log. */
  readonly recordedAt: Instant | undefined;
}

/** Where the whole log ends. */
export interface WholeLogHead {
  /** Marks the place of the last event. Opaque outside the store. */
  readonly cursor: string;
  /** How many events the whole log holds. */
  readonly globalPosition: bigint;
  readonly recordedAt: Instant | undefined;
}
