import { AnnalsError, invalidArgument } from "../domain/error.js";
import { parseTenantId, type TenantId } from "../domain/tenant.js";
import type { Call } from "./call.js";
import type { Interceptor } from "./interceptor.js";

/** Metadata key by which a credential of several tenants picks one; one of a single tenant may repeat it. */
export const tenantIdKey = "x-tenant-id";

/** Fixes the tenant that the call acts for: the credential's, and no other. */
export const tenant: Interceptor = {
  enter: (call) => {
    const picked = pickTenant(call, call.identity?.tenants ?? []);
    if (picked !== undefined) call.tenantId = picked;
  },
};

function pickTenant(call: Call, allowed: readonly TenantId[]): TenantId | undefined {
  const [value, ...more] = call.metadata(tenantIdKey);
  if (more.length > 0) throw invalidArgument(tenantIdKey, "must be given once");
  if (allowed.length === 0) return undefined; // an operator's; x-tenant-id gives it nothing
  if (value === undefined) {
    if (allowed.length === 1) return allowed[0];
    throw invalidArgument(tenantIdKey, "is required: the credential is for several tenants");
  }
  const asked = parseTenantId(value, tenantIdKey);
  if (allowed.includes(asked)) return asked;
  throw new AnnalsError({
    reason: "permission_denied",
    description: `the credential does not allow the tenant in ${tenantIdKey}`,
  });
}
