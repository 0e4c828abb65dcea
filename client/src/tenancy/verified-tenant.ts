import { AnnalsError, isAnnalsError } from "../connection/errors.js";

/** How a web application knows the tenant of a request. */
export interface VerifiedTenantOptions<Claims> {
  /** Checks signature, issuer, audience and expiry of a bearer token; throws if it does not hold. */
  readonly verify: (token: string) => Promise<Claims> | Claims;
  /** The tenant that verified claims name. Anything but a string, or "": they name none, permission_denied. */
  readonly tenantOf: (claims: Claims) => string | undefined;
}

/**
 * The tenant of a request, from its verified bearer token and from nothing else.
 *
 * @param authorization the value of the request's `Authorization` header
 * @throws AnnalsError unauthenticated without a token or with one that does not verify (`cause` says
 *   why); permission_denied if the claims name no tenant
 */
export async function verifiedTenant<Claims>(
  authorization: string | undefined,
  options: VerifiedTenantOptions<Claims>,
): Promise<string> {
  const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) {
    throw new AnnalsError("unauthenticated", "a bearer token is required", {});
  }
  let claims: Claims;
  try {
    claims = await options.verify(token);
  } catch (cause) {
    throw new AnnalsError("unauthenticated", "the token does not verify", {}, { cause });
  }
  const tenantId: unknown = options.tenantOf(claims); // claims are anything: a list of tenants is none
  if (typeof tenantId === "string" && tenantId !== "") return tenantId;
  throw new AnnalsError("permission_denied", "the token names no tenant", {});
}

/** The HTTP status of a request whose tenant is not known: 401, 403; undefined for other errors. */
export function refusalStatus(error: unknown): 401 | 403 | undefined {
  if (isAnnalsError(error, "unauthenticated")) return 401;
  return isAnnalsError(error, "permission_denied") ? 403 : undefined;
}
