import type { TenantId } from "../domain/tenant.js";
import { isOnlyFor } from "./call.js";
import type { Interceptor } from "./interceptor.js";

/** How fast tenants may append. */
export interface AppendRateLimits {
  /** @throws AnnalsError limit_exceeded */
  assertNotOverdrawn(tenantId: TenantId): void;
}

/**
 * Refuses an append before it is decoded when its tenant is above its rate: what a noisy tenant is
 * refused is time that the others wait. A pipelined call's appends are refused one by one, further in.
 */
export function refuseOverdrawn(rates: AppendRateLimits): Interceptor {
  return {
    enter: (call) => {
      const { tenantId, streaming } = call;
      if (!streaming && tenantId !== undefined && isOnlyFor("events:append", call)) {
        rates.assertNotOverdrawn(tenantId);
      }
    },
  };
}
