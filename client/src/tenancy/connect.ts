import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { runWithTenant } from "./context.js";
import { refusalStatus, verifiedTenant, type VerifiedTenantOptions } from "./verified-tenant.js";

/**
 * An interceptor for servers on Connect: runs a call, its streamed answers included, in the context of
 * the tenant that its bearer token names.
 *
 * Without a tenant the call fails with `unauthenticated` or `permission_denied`, and is not handled.
 */
export function tenantInterceptor<Claims>(options: VerifiedTenantOptions<Claims>): Interceptor {
  return (next) => async (request) => {
    const tenantId = await tenantOrRefusal(request.header.get("authorization"), options);
    const response = await runWithTenant(tenantId, () => next(request));
    if (!response.stream) return response;
    return { ...response, message: withinTenant(tenantId, response.message) };
  };
}

async function tenantOrRefusal<Claims>(
  authorization: string | null,
  options: VerifiedTenantOptions<Claims>,
): Promise<string> {
  try {
    return await verifiedTenant(authorization ?? undefined, options);
  } catch (error) {
    const status = refusalStatus(error);
    if (status === undefined) throw error;
    const code = status === 401 ? Code.Unauthenticated : Code.PermissionDenied;
    throw new ConnectError((error as Error).message, code, undefined, undefined, error);
  }
}

/** A generator runs in the context of whoever pulls it: so each pull sets the tenant again. */
async function* withinTenant<T>(tenantId: string, messages: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const result = await runWithTenant(tenantId, () => iterator.next());
      ended = result.done === true;
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    if (!ended) await runWithTenant(tenantId, () => iterator.return?.());
  }
}
