import { AnnalsError } from "../domain/error.js";
import type { TenantId } from "../domain/tenant.js";
import { type TenantLimits, tenantLimits } from "../domain/tenant-settings.js";
import type { Interceptor } from "./interceptor.js";

/** What a caller is told to wait: until one of its streams has ended. */
const retryAfterMs = 1_000;

/** Refuses a streaming call when its tenant has too many open. */
export function limitOpenStreams(limitsOf: (tenantId: TenantId) => TenantLimits): Interceptor {
  const open = new Map<TenantId, number>();
  return {
    enter: (call) => {
      const { streaming, tenantId } = call;
      if (!streaming || tenantId === undefined) return;
      const actual = (open.get(tenantId) ?? 0) + 1;
      const maximum = limitsOf(tenantId).openStreams ?? Infinity;
      if (actual > maximum) {
        const limit = tenantLimits.openStreams.name;
        throw new AnnalsError({ reason: "limit_exceeded", limit, maximum, actual, retryAfterMs });
      }
      open.set(tenantId, actual);
      call.onEnd(() => {
        const left = (open.get(tenantId) ?? 1) - 1;
        if (left === 0) open.delete(tenantId);
        else open.set(tenantId, left);
      });
    },
  };
}
