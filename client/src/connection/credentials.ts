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
   * several tenants, it picks one. What a function gives must be one tenant: a context that went
   * wrong never becomes `allTenants`.
   */
  readonly tenant?: Provided<string> | undefined;
}

/**
 * Gives every call its credentials, but one that was given them. A call waits for them no longer than it may take.
 *
 * @throws AnnalsError invalid_options when there are none
 */
export function withCredentials({ token, tenant }: CredentialOptions): Interceptor {
  if (token === undefined && tenant === undefined) {
    throw new AnnalsError("invalid_options", "connect needs a token, or a tenant in dev mode", {});
  }
  return (next) => async (request) => {
    const { header, signal } = request;
    const given = header.has("authorization") || header.has("x-tenant-id");
    if (!given) await setCredentials(header, { token, tenant }, signal);
    return next(request);
  };
}

/** Asks for the caller's credentials, and no longer than the signal allows. @throws AnnalsError */
export async function setCredentials(
  header: Headers,
  { token, tenant }: CredentialOptions,
  signal: AbortSignal,
): Promise<void> {
  if (token !== undefined) {
    setHeader(header, "authorization", `Bearer ${await valueOf(token, signal)}`);
  }
  if (tenant !== undefined) {
    const value = await valueOf(tenant, signal);
    if (typeof tenant === "function") assertOneTenant(value);
    setHeader(header, "x-tenant-id", value);
  }
}

async function valueOf(provided: Provided<string>, signal: AbortSignal): Promise<string> {
  if (typeof provided !== "function") return provided;
  const { promise, stop } = abortOf(signal);
  try {
    return await Promise.race([provided(), promise]);
  } catch (cause) {
    if (signal.aborted || isAnnalsError(cause)) throw cause;
    throw new AnnalsError("unauthenticated", "the credential's provider failed", {}, { cause });
  } finally {
    stop();
  }
}

/** A promise that rejects when the signal is aborted, until it is stopped. */
function abortOf(signal: AbortSignal): { promise: Promise<never>; stop: () => void } {
  const controller = new AbortController();
  const promise = new Promise<never>((_, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { signal: controller.signal });
  });
  return {
    promise,
    stop: () => {
      controller.abort();
    },
  };
}

function assertOneTenant(value: string): void {
  if (value !== "" && value !== allTenants) return;
  throw new AnnalsError("tenant_required", "the tenant's provider gave no tenant", {});
}

function setHeader(header: Headers, name: string, value: string): void {
  try {
    header.set(name, value);
  } catch {
    // What the platform says of it would show the value, which may be a token.
    throw new AnnalsError("unauthenticated", `the value for ${name} cannot be sent`, {});
  }
}
