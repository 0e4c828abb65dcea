import type { TenantId } from "../domain/tenant.js";
import type { PageBounds } from "../store/store.js";
import type { ServiceContext } from "./context.js";

/** Bounds of the pages that a tenant's readers get. */
export function pagesOf({ pages, tenants }: ServiceContext, tenantId: TenantId): PageBounds {
  const { pageEvents } = tenants.limitsOf(tenantId);
  if (pageEvents === undefined || pageEvents >= pages.maxEvents) return pages;
  return { ...pages, maxEvents: pageEvents };
}
