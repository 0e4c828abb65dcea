import { Tenants } from "@annals/proto/annals/v1/tenants";
import type { Scope } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { type Rpc, unary } from "../rpc.js";
import { configureTenantRpc } from "./configure-tenant.js";
import { describeTenantRpc } from "./describe-tenant.js";
import { getCurrentTenantRpc } from "./get-current-tenant.js";
import { listTenantsRpc } from "./list-tenants.js";
import { resumeTenantRpc } from "./resume-tenant.js";
import { suspendTenantRpc } from "./suspend-tenant.js";

/** annals.v1.Tenants: each RPC, the scopes that open it, and what it does. */
export function tenantsRpcs(context: ServiceContext): readonly Rpc[] {
  const { method } = Tenants;
  const admin: readonly [Scope] = ["tenants:admin"];
  const own: readonly [Scope, ...Scope[]] = [
    "events:read",
    "events:append",
    "projections",
    "snapshots",
  ];
  return [
    unary(method.listTenants, admin, listTenantsRpc(context)),
    unary(method.describeTenant, admin, describeTenantRpc(context)),
    unary(method.configureTenant, admin, configureTenantRpc(context)),
    unary(method.suspendTenant, admin, suspendTenantRpc(context)),
    unary(method.resumeTenant, admin, resumeTenantRpc(context)),
    unary(method.getCurrentTenant, own, getCurrentTenantRpc(context)),
  ];
}
