import type { Instant } from "./instant.js";
import type { TenantId } from "./tenant.js";

/** Whose projections: a tenant's, or the operator's, of the whole log. */
export type ProjectionOwner = TenantId | "operator";

/** The longest lease that may be asked for, in milliseconds: a day. */
export const maxLeaseMs = 86_400_000;

/** How a projection stands. */
export interface Projection {
  /** Grows with each claim: only who has the newest writes. */
  readonly fence: bigint;
  /** How far it came, in the words of its runner; undefined when it never ran. */
  readonly place: string | undefined;
  /** Until when its lease is held; undefined: no lease. */
  readonly leasedUntil: Instant | undefined;
}

/** A projection as it is kept. */
export interface KeptProjection extends Projection {
  readonly name: string;
  readonly updatedAt: Instant;
}

/** An event that a projection could not handle. */
export interface DeadLetter {
  /** A lower-case UUID: whose event it is, as the runner says. */
  readonly tenantId: string;
  readonly eventId: string;
  readonly position: bigint;
  readonly attempts: number;
  readonly error: string;
}
