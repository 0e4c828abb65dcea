import type { TenantLimits } from "../../domain/tenant-settings.js";
import type { ReadOptions, TenantUsage } from "../../store/store.js";
import type { ConfiguredTenant } from "../../tenants/tenant-directory.js";
import type { ServiceContext } from "../context.js";

/** All that is known of a tenant. */
export interface TenantDescription extends ConfiguredTenant {
  readonly usage: TenantUsage;
  /** The limits that hold for it. */
  readonly limits: TenantLimits;
}

/** Describes a tenant, also one that was never heard of. */
export async function describeTenant(
  { store, tenants }: ServiceContext,
  configured: ConfiguredTenant,
  options?: ReadOptions,
): Promise<TenantDescription> {
  const { tenantId } = configured;
  const usage = await store.getTenantUsage(tenantId, options);
  return { ...configured, usage, limits: tenants.limitsOf(tenantId) };
}
