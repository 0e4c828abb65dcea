import type { ReadOptions, TenantUsage } from "../../store/store.js";
import type { ServiceContext } from "../context.js";
import type { TenantDescription } from "./describe-tenant.js";

/** A page of tenants, by id. */
export interface TenantList {
  readonly tenants: readonly TenantDescription[];
  /** Where the next page starts, exclusive; undefined when there is none. */
  readonly next: string | undefined;
}

/**
 * One page of the tenants that have events or were configured.
 *
 * @param after a tenant id, exclusive; "" for the first page
 */
export async function listTenants(
  { store, tenants }: ServiceContext,
  after: string,
  maxTenants: number,
  options?: ReadOptions,
): Promise<TenantList> {
  const used = await store.listTenantUsage(after, maxTenants + 1, options);
  const found = new Map<string, TenantUsage>(used.map((usage) => [usage.tenantId, usage]));
  for (const { tenantId } of tenants.all()) {
    if (tenantId <= after || found.has(tenantId)) continue;
    found.set(tenantId, { tenantId, position: 0n, bytes: 0n, recordedAt: undefined });
  }
  // A configured tenant beyond the last one read may have events that were not read: it comes later.
  const lastRead = used.length > maxTenants ? used.at(-1)?.tenantId : undefined;
  const sorted = [...found.values()]
    .filter(({ tenantId }) => lastRead === undefined || tenantId <= lastRead)
    .sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
  const page = sorted.slice(0, maxTenants);
  return {
    tenants: page.map((usage) => ({
      ...tenants.find(usage.tenantId),
      usage,
      limits: tenants.limitsOf(usage.tenantId),
    })),
    next: sorted.length > maxTenants ? page.at(-1)?.tenantId : undefined,
  };
}
