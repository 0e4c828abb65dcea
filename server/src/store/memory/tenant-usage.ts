import type { TenantId } from "../../domain/tenant.js";
import type { TenantUsage } from "../store.js";
import type { MemoryState } from "./state.js";

/** What a tenant's log holds. */
export function tenantUsage(state: MemoryState, tenantId: TenantId): TenantUsage {
  const tenant = state.tenants.get(tenantId);
  return {
    tenantId,
    position: BigInt(tenant?.log.length ?? 0),
    bytes: BigInt(tenant?.bytes ?? 0),
    recordedAt: tenant?.log.at(-1)?.recordedAt,
  };
}
