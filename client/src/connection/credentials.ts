import type { Interceptor } from "@connectrpc/connect";
import { AnnalsError, isAnnalsError } from "./errors.js";

/** A value, or what gives it anew for each call, in the context of the caller. */
export type Provided<T> = T | (() => T | Promise<T>);

/** In the server's dev mode, this instead of a tenant asks for the operator's view of all tenants. */
export const allTenants = "*";

/** Who calls. */
export interface CredentialOptions {
  /** A bearer token, sent as `authorization`. */
  readonly token?: Provided<string> | undefined;
  /**
   * Sent as `x-tenant-id`. Without a token, the server's dev mode acts for it; with one that is for
   * several tenants, it picks one.
   */
  readonly tenant?: Provided<string> | undefined;
}

/**
 * Gives every call its credentials.
 *
 * @throws AnnalsError invalid_options when there are none
 */
export function withCredentials({ token, tenant }: CredentialOptions): Interceptor {
  if (token === undefined && tenant === undefined) {
    throw new AnnalsError("invalid_options", "connect needs a token, or a tenant in dev mode", {});
  }
  return (next) => async (request) => {
    if (token !== undefined) request.header.set("authorization", `Bearer ${await valueOf(token)}`);
    if (tenant !== undefined) request.header.set("x-tenant-id", await valueOf(tenant));
    return next(request);
  };
}

async function valueOf<T>(provided: Provided<T>): Promise<T> {
  if (typeof provided !== "function") return provided;
  try {
    return await (provided as () => T | Promise<T>)();
  } catch (cause) {
    if (isAnnalsError(cause)) throw cause;
    throw new AnnalsError("unauthenticated", "the credential's provider failed", {}, { cause });
  }
}
