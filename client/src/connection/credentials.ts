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

/** The error of a provider that failed: it may give a credential later. No server refused one. */
export class ProviderFailure extends AnnalsError<"unauthenticated"> {
  constructor(cause: unknown) {
    super("unauthenticated", "the credential's provider failed", {}, { cause });
  }
}

/** Waits for what a provider was asked for, no longer than the call may. */
type Wait = (asked: Promise<string>) => Promise<string>;

/**
 * Gives every call its credentials, but one that was given them.
 *
 * @param wait how a call waits for them, which ends when its signal is aborted
 * @throws AnnalsError invalid_options when there are none
 */
export function withCredentials(
  { token, tenant }: CredentialOptions,
  wait: (asked: Promise<string>, signal: AbortSignal) => Promise<string>,
): Interceptor {
  if (token === undefined && tenant === undefined) {
    throw new AnnalsError("invalid_options", "connect needs a token, or a tenant in dev mode", {});
  }
  return (next) => async (request) => {
    const { header, signal } = request;
    const given = header.has("authorization") || header.has("x-tenant-id");
    if (!given) await setCredentials(header, { token, tenant }, (asked) => wait(asked, signal));
    return next(request);
  };
}

/** Asks for the caller's credentials. @throws AnnalsError, and what `wait` throws */
export async function setCredentials(
  header: Headers,
  { token, tenant }: CredentialOptions,
  wait: Wait,
): Promise<void> {
  if (token !== undefined) {
    const value = await valueOf(token, wait);
    if (typeof token === "function") assertToken(value);
    setHeader(header, "authorization", `Bearer ${value}`);
  }
  if (tenant !== undefined) {
    const value = await valueOf(tenant, wait);
    if (typeof tenant === "function") assertOneTenant(value);
    setHeader(header, "x-tenant-id", value);
  }
}

function valueOf(provided: Provided<string>, wait: Wait): string | Promise<string> {
  return typeof provided === "function" ? wait(ask(provided)) : provided;
}

async function ask(provider: () => string | Promise<string>): Promise<string> {
  try {
    return await provider();
  } catch (cause) {
    throw isAnnalsError(cause) ? cause : new ProviderFailure(cause);
  }
}

/** @param value whatever a function gave: not all are written in TypeScript */
function assertToken(value: unknown): void {
  if (typeof value === "string" && value !== "") return;
  throw new AnnalsError("unauthenticated", "the token's provider gave no token", {});
}

/** @param value as for assertToken */
function assertOneTenant(value: unknown): void {
  if (typeof value === "string" && value !== "" && value !== allTenants) return;
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
