import { AnnalsError, invalidArgument } from "../domain/error.js";
import { parseTenantId } from "../domain/tenant.js";
import type { Authenticate } from "./authenticate.js";
import type { Identity } from "./identity.js";
import { tenantIdKey } from "./tenant.js";

/** In dev mode, this instead of a tenant asks for the operator's view of all tenants. */
const operator = "*";

const operatorIdentity: Identity = {
  method: "dev",
  subject: "dev-operator",
  tenants: [],
  scopes: new Set(["events:read:all-tenants", "projections", "tenants:admin"]),
  expiresAt: Infinity,
};

const tenantScopes: ReadonlySet<string> = new Set([
  "events:append",
  "events:read",
  "projections",
  "snapshots",
]);

/**
 * Development mode: believes the metadata key x-tenant-id. The configuration allows it only while
 * every listener is on loopback.
 */
export const authenticateDev: Authenticate = (call) => {
  const [value, ...more] = call.metadata(tenantIdKey);
  if (value === undefined) {
    throw new AnnalsError({
      reason: "unauthenticated",
      description: `no credential: in dev mode, metadata ${tenantIdKey} names the tenant`,
    });
  }
  if (more.length > 0) throw invalidArgument(tenantIdKey, "must be given once");
  if (value === operator) return operatorIdentity;
  return {
    method: "dev",
    subject: "dev",
    tenants: [parseTenantId(value, tenantIdKey)],
    scopes: tenantScopes,
    expiresAt: Infinity,
  };
};
