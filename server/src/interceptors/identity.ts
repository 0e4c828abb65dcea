import type { TenantId } from "../domain/tenant.js";

/** Who calls: what a verified credential says. */
export interface Identity {
  /** Who, for logs. */
  readonly subject: string;
  /** The tenants it may act for, most often one; none for an operator. */
  readonly tenants: readonly TenantId[];
  readonly scopes: ReadonlySet<string>;
}
