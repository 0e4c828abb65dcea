import type { IncomingMessage, ServerResponse } from "node:http";
import { runWithTenant } from "./context.js";
import { refusalStatus, verifiedTenant, type VerifiedTenantOptions } from "./verified-tenant.js";

/** A middleware of Express, and of whatever else calls `(request, response, next)`. */
export type TenantMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Runs what comes after it in the context of the tenant that the request's bearer token names. Put it
 * behind parsers of the body: what they call back may be outside of the context.
 *
 * Without a tenant the answer is 401 or 403 with `{ "code", "message" }`, and nothing after it runs.
 */
export function tenantMiddleware<Claims>(options: VerifiedTenantOptions<Claims>): TenantMiddleware {
  return (request, response, next) => {
    verifiedTenant(request.headers.authorization, options)
      .then(
        (tenantId) => {
          runWithTenant(tenantId, next);
        },
        (error: unknown) => {
          refuse(response, error, next);
        },
      )
      .catch((error: unknown) => {
        next(error ?? new Error("what comes after the tenant has thrown"));
      })
      .catch(() => {
        response.destroy(); // nobody answers it any more
      });
  };
}

function refuse(response: ServerResponse, error: unknown, next: (error: unknown) => void): void {
  const status = refusalStatus(error);
  if (status === undefined) {
    next(error);
    return;
  }
  if (response.headersSent) return; // by who did not wait for the token
  const { code, message } = error as { code: string; message: string };
  response.writeHead(status, {
    "content-type": "application/json",
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
  });
  response.end(JSON.stringify({ code, message }));
}
