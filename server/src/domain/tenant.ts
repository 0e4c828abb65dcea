import { invalidArgument } from "./error.js";
import { isUuid } from "./uuid.js";

declare const tenantIdBrand: unique symbol;

/** A customer: a lower-case UUID that came out of a verified credential, never out of a request. */
export type TenantId = string & { readonly [tenantIdBrand]: true };

/**
 * The tenant that a credential names.
 *
 * @param text a UUID in any letter case
 * @param field what to name in the error: the claim or the metadata key
 * @throws AnnalsError invalid_argument when it is not a UUID
 */
export function parseTenantId(text: string, field: string): TenantId {
  if (!isUuid(text)) throw invalidArgument(field, "must be a UUID");
  return text.toLowerCase() as TenantId;
}
