import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ListTenantsRequest,
  ListTenantsResponseSchema,
} from "@annals/proto/annals/v1/tenants";
import { limits } from "../../domain/limits.js";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { listTenants } from "../../service/tenants/list-tenants.js";
import { assertCount } from "../codec/new-event.js";
import { parseTenantPageToken, toTenantPageToken } from "./page-token.js";
import { toTenant } from "./tenant.js";

const defaultPageSize = 100;

/** Tenants/ListTenants. */
export function listTenantsRpc(
  context: ServiceContext,
): (
  request: ListTenantsRequest,
  call: Call,
) => Promise<MessageInitShape<typeof ListTenantsResponseSchema>> {
  return async (request, call) => {
    assertCount(request.pageSize, "page_tenants", limits.pageTenants, "page_size");
    const after = parseTenantPageToken(request.pageToken, "page_token");
    const size = request.pageSize || defaultPageSize;
    const { tenants, next } = await listTenants(context, after, size, call);
    return {
      tenants: tenants.map(toTenant),
      nextPageToken: next === undefined ? "" : toTenantPageToken(next),
    };
  };
}
