import { runWithTenant } from "./context.js";
import { refusalStatus, verifiedTenant, type VerifiedTenantOptions } from "./verified-tenant.js";

/** What is used of a Fastify request. */
export interface FastifyRequestLike {
  readonly headers: { readonly authorization?: string | undefined };
}

/** What is used of a Fastify reply. */
export interface FastifyReplyLike {
  code(status: number): this;
  header(name: string, value: string): this;
  send(payload: unknown): this;
}

/** A hook of Fastify. */
export type TenantHook = (
  request: FastifyRequestLike,
  reply: FastifyReplyLike,
  done: (error?: Error) => void,
) => void;

/**
 * A hook for `preHandler`: the handler, and the hooks behind it, run in the context of the tenant that the
 * request's bearer token names. (Earlier, the body's parser could leave the context.)
 *
 * Without a tenant the answer is 401 or 403 with `{ "code", "message" }`, and no handler runs.
 *
 * @example
 * app.addHook("preHandler", tenantHook({ verify, tenantOf: ({ tenant }) => tenant }));
 */
export function tenantHook<Claims>(options: VerifiedTenantOptions<Claims>): TenantHook {
  return (request, reply, done) => {
    verifiedTenant(request.headers.authorization, options).then(
      (tenantId) => {
        runWithTenant(tenantId, done);
      },
      (error: unknown) => {
        refuse(reply, error, done);
      },
    );
  };
}

function refuse(reply: FastifyReplyLike, error: unknown, done: (error: Error) => void): void {
  const status = refusalStatus(error);
  if (status === undefined) {
    done(error as Error);
    return;
  }
  const { code, message } = error as { code: string; message: string };
  if (status === 401) reply.header("www-authenticate", "Bearer");
  reply.code(status).send({ code, message });
}
