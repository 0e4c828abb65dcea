import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ResumeTenantRequest,
  ResumeTenantResponseSchema,
} from "@annals/proto/annals/v1/tenants";
import { parseTenantId } from "../../domain/tenant.js";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { describeTenant } from "../../service/tenants/describe-tenant.js";
import { toTenant } from "./tenant.js";

/** Tenants/ResumeTenant. */
export function resumeTenantRpc(
  context: ServiceContext,
): (
  request: ResumeTenantRequest,
  call: Call,
) => Promise<MessageInitShape<typeof ResumeTenantResponseSchema>> {
  return async (request, call) => {
    const tenantId = (call.target = parseTenantId(request.tenantId, "tenant_id"));
    const resumed = await context.tenants.change(tenantId, undefined, (settings) => ({
      ...settings,
      suspension: undefined,
    }));
    return { tenant: toTenant(await describeTenant(context, resumed, call)) };
  };
}
