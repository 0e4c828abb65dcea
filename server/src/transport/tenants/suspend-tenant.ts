import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  SuspendTenantRequest,
  SuspendTenantResponseSchema,
} from "@annals/proto/annals/v1/tenants";
import { parseOptionalName } from "../../domain/name.js";
import { parseTenantId } from "../../domain/tenant.js";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { describeTenant } from "../../service/tenants/describe-tenant.js";
import { toTenant } from "./tenant.js";

/** Tenants/SuspendTenant. */
export function suspendTenantRpc(
  context: ServiceContext,
): (
  request: SuspendTenantRequest,
  call: Call,
) => Promise<MessageInitShape<typeof SuspendTenantResponseSchema>> {
  return async (request, call) => {
    const tenantId = (call.target = parseTenantId(request.tenantId, "tenant_id"));
    const reason = parseOptionalName(request.reason, "reason");
    const suspension = { suspendedAt: context.clock(), reason };
    const suspended = await context.tenants.change(tenantId, undefined, (settings) => ({
      ...settings,
      suspension,
    }));
    return { tenant: toTenant(await describeTenant(context, suspended, call)) };
  };
}
