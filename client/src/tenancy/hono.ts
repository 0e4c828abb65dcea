import { runWithTenant } from "./context.js";
import { refusalStatus, verifiedTenant, type VerifiedTenantOptions } from "./verified-tenant.js";

/** What is used of a Hono context. */
export interface HonoContextLike {
  readonly req: { header(name: string): string | undefined };
}

/** A middleware of Hono. */
export type HonoTenantMiddleware = (
  context: HonoContextLike,
  next: () => Promise<void>,
) => Promise<Response | undefined>;

/**
 * Runs what comes after it in the context of the tenant that the request's bearer token names.
 *
 * Without a tenant the answer is 401 or 403 with `{ "code", "message" }`, and nothing after it runs.
 *
 * @example
 * app.use(tenantMiddleware({ verify, tenantOf: ({ tenant }) => tenant }));
 */
export function tenantMiddleware<Claims>(
  options: VerifiedTenantOptions<Claims>,
): HonoTenantMiddleware {
  return async (context, next) => {
    let tenantId: string;
    try {
      tenantId = await verifiedTenant(context.req.header("authorization"), options);
    } catch (error) {
      return refusal(error);
    }
    await runWithTenant(tenantId, next);
    return undefined;
  };
}

function refusal(error: unknown): Response {
  const status = refusalStatus(error);
  if (status === undefined) throw error;
  const { code, message } = error as { code: string; message: string };
  const headers: Record<string, string> = status === 401 ? { "www-authenticate": "Bearer" } : {};
  return Response.json({ code, message }, { status, headers });
}
