import { AnnalsError } from "../domain/error.js";
import type { TenantId } from "../domain/tenant.js";
import { type TenantLimits, tenantLimits } from "../domain/tenant-settings.js";
import { evictOldest } from "./evict-oldest.js";
import { TokenBucket } from "./token-bucket.js";

/** What an append brings. */
export interface AppendSize {
  readonly events: number;
  /** Counted by sizeOfEvent. */
  readonly bytes: number;
}

interface Buckets {
  readonly events: TokenBucket;
  readonly bytes: TokenBucket;
}

/** Of an append that is not known yet. */
const noSize: AppendSize = { events: 0, bytes: 0 };

const units = [
  ["events", "appendEventsPerSecond"],
  ["bytes", "appendBytesPerSecond"],
] as const;

/** How fast each tenant may append, on this server. */
export class AppendRates {
  readonly #buckets = new Map<TenantId, Buckets>();

  /** @throws AnnalsError limit_exceeded, saying when to try again; then nothing was taken */
  take(tenantId: TenantId, limits: TenantLimits, size: AppendSize): void {
    const buckets = this.#checked(tenantId, limits, size);
    for (const [unit, limit] of units) {
      if (limits[limit] !== undefined) buckets?.[unit].take(size[unit]);
    }
  }

  /** @throws AnnalsError limit_exceeded when the tenant may append nothing now, of whatever size */
  assertNotOverdrawn(tenantId: TenantId, limits: TenantLimits): void {
    this.#checked(tenantId, limits, noSize);
  }

  /** @returns undefined when the tenant has no limit of this kind */
  #checked(tenantId: TenantId, limits: TenantLimits, size: AppendSize): Buckets | undefined {
    if (units.every(([, limit]) => limits[limit] === undefined)) return undefined;
    const nowMs = performance.now();
    const buckets = this.#bucketsOf(tenantId, nowMs);
    for (const [unit, limit] of units) {
      const maximum = limits[limit];
      if (maximum === undefined) continue;
      const retryAfterMs = buckets[unit].waitMs(maximum, nowMs);
      if (retryAfterMs === 0) continue;
      const failure = { reason: "limit_exceeded", limit: tenantLimits[limit].name } as const;
      throw new AnnalsError({ ...failure, maximum, actual: size[unit], retryAfterMs });
    }
    return buckets;
  }

  #bucketsOf(tenantId: TenantId, nowMs: number): Buckets {
    let buckets = this.#buckets.get(tenantId);
    if (!buckets) {
      buckets = { events: new TokenBucket(nowMs), bytes: new TokenBucket(nowMs) };
      this.#buckets.set(tenantId, buckets);
      evictOldest(this.#buckets);
    }
    return buckets;
  }
}
