import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  DescribeTenantRequest,
  DescribeTenantResponseSchema,
} from "@annals/proto/annals/v1/tenants";
import { parseTenantId } from "../../domain/tenant.js";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { describeTenant } from "../../service/tenants/describe-tenant.js";
import { toTenant } from "./tenant.js";

/** Tenants/DescribeTenant. */
export function describeTenantRpc(
  context: ServiceContext,
): (
  request: DescribeTenantRequest,
  call: Call,
) => Promise<MessageInitShape<typeof DescribeTenantResponseSchema>> {
  return async (request, call) => {
    const tenantId = (call.target = parseTenantId(request.tenantId, "tenant_id"));
    const configured = context.tenants.find(tenantId);
    return { tenant: toTenant(await describeTenant(context, configured, call)) };
  };
}
