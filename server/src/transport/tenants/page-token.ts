import { invalidArgument } from "../../domain/error.js";
import { isUuid } from "../../domain/uuid.js";

/** A page token of a list of tenants: opaque to clients. */
export function toTenantPageToken(after: string): string {
  return `t1-${after}`;
}

/**
 * The tenant that a page starts after; "" for an empty token.
 *
 * @throws AnnalsError invalid_argument for what this server never handed out
 */
export function parseTenantPageToken(token: string, field: string): string {
  if (token === "") return "";
  const after = token.slice(3);
  if (!token.startsWith("t1-") || !isUuid(after)) {
    throw invalidArgument(field, "is not a page token");
  }
  return after;
}
