import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ConfigureTenantRequest,
  ConfigureTenantResponseSchema,
} from "@annals/proto/annals/v1/tenants";
import { invalidArgument } from "../../domain/error.js";
import { limits } from "../../domain/limits.js";
import { parseName, parseOptionalName } from "../../domain/name.js";
import { parseTenantId } from "../../domain/tenant.js";
import type { TenantSettings } from "../../domain/tenant-settings.js";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { describeTenant } from "../../service/tenants/describe-tenant.js";
import { assertCount } from "../codec/new-event.js";
import { parseTenantLimits, toTenant } from "./tenant.js";

/** Tenants/ConfigureTenant. */
export function configureTenantRpc(
  context: ServiceContext,
): (
  request: ConfigureTenantRequest,
  call: Call,
) => Promise<MessageInitShape<typeof ConfigureTenantResponseSchema>> {
  return async (request, call) => {
    const tenantId = (call.target = parseTenantId(request.tenantId, "tenant_id"));
    const changes = parseChanges(request);
    const edit = (settings: TenantSettings): TenantSettings => ({ ...settings, ...changes });
    const changed = await context.tenants.change(tenantId, request.expectedRevision, edit);
    return { tenant: toTenant(await describeTenant(context, changed, call)) };
  };
}

function parseChanges(request: ConfigureTenantRequest): Partial<TenantSettings> {
  const { displayName, features, limits: ownLimits } = request;
  return {
    ...(displayName === undefined
      ? {}
      : { displayName: parseOptionalName(displayName, "display_name") }),
    ...(features === undefined
      ? {}
      : { features: parseFeatures(features.features, "features.features") }),
    ...(ownLimits === undefined ? {} : { limits: parseTenantLimits(ownLimits, "limits") }),
  };
}

function parseFeatures(features: readonly string[], field: string): readonly string[] {
  assertCount(features.length, "tenant_features", limits.tenantFeatures, field);
  return features.map((feature, i) => {
    if (features.indexOf(feature) < i) {
      throw invalidArgument(`${field}[${i}]`, "stands in this list already");
    }
    return parseName(feature, `${field}[${i}]`);
  });
}
