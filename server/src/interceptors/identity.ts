import type { TenantId } from "../domain/tenant.js";

/** Who calls: what a verified credential says. */
export interface Identity {
  /** By which kind of credential. */
  readonly method: "dev" | "jwt" | "api-key" | "mtls";
  /** Who, for logs. */
  readonly subject: string;
  /** The tenants it may act for, most often one; none for an operator. */
  readonly tenants: readonly TenantId[];
  readonly scopes: ReadonlySet<string>;
  /** When the credential ends, in Unix milliseconds; Infinity: never. Streams end with it. */
  readonly expiresAt: number;
}
