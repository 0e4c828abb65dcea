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

const units = [
  ["events", "appendEventsPerSecond"],
  ["bytes", "appendBytesPerSecond"],
] as const;

/** How fast each tenant may append, on this server. */
export class AppendRates {
  readonly #buckets = new Map<TenantId, Buckets>();

  /** @throws AnnalsError limit_exceeded, saying when to try again; then nothing was taken */
  take(tenantId: TenantId, limits: TenantLimits, size: AppendSize): void {
    if (units.every(([, limit]) => limits[limit] === undefined)) return;
    const nowMs = performance.now();
    const buckets = this.#bucketsOf(tenantId, nowMs);
    for (const [unit, limit] of units) {
      const perSecond = limits[limit];
      if (perSecond === undefined) continue;
      const retryAfterMs = buckets[unit].waitMs(perSecond, nowMs);
      if (retryAfterMs === 0) continue;
      const [maximum, actual] = [perSecond, size[unit]];
      const { name } = tenantLimits[limit];
      throw new AnnalsError({
        reason: "limit_exceeded",
        limit: name,
        maximum,
        actual,
        retryAfterMs,
      });
    }
    for (const [unit] of units) buckets[unit].take(size[unit]);
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
