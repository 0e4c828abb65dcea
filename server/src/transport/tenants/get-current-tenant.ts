import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  GetCurrentTenantRequest,
  GetCurrentTenantResponseSchema,
} from "@annals/proto/annals/v1/tenants";
import { type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { toTenantLimits } from "./tenant.js";

/** Tenants/GetCurrentTenant. */
export function getCurrentTenantRpc({
  tenants,
}: ServiceContext): (
  request: GetCurrentTenantRequest,
  call: Call,
) => Promise<MessageInitShape<typeof GetCurrentTenantResponseSchema>> {
  return (_, call) => {
    const tenantId = tenantOf(call);
    const { displayName, features } = tenants.find(tenantId).settings;
    return Promise.resolve({
      tenantId,
      displayName,
      features: [...features],
      effectiveLimits: toTenantLimits(tenants.limitsOf(tenantId)),
    });
  };
}
