import type { Scope } from "@annals/proto/annals/v1/event_store";
import type { ProjectionOwner } from "../../domain/projection.js";
import { assertScope, type Call, tenantOf } from "../../interceptors/call.js";
import { isAllTenants } from "../codec/direction.js";

/**
 * Whose projections a call is about: its tenant's, or the operator's.
 *
 * @throws AnnalsError permission_denied; invalid_argument for a scope this server does not know
 */
export function ownerOf(call: Call, scope: Scope): ProjectionOwner {
  if (!isAllTenants(scope, "scope")) return tenantOf(call);
  assertScope(call, "events:read:all-tenants");
  return "operator";
}
