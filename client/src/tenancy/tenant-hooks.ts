import { isAnnalsError } from "../connection/errors.js";
import { tellSafely } from "../connection/tell-safely.js";

/** What an application does beside a tenant's loads and saves. */
export interface TenantHooks<Aggregate> {
  /**
   * Asked before each save, with the aggregate as it would be saved: for limits of the application's own.
   * What it throws is thrown, and nothing is saved.
   */
  readonly beforeSave?: (aggregate: Aggregate, tenantId: string) => void | Promise<void>;
  /** Told of every access, for the audit. What it throws is passed over. */
  readonly onAccess?: (access: TenantAccess) => void;
}

/** Someone's access to an aggregate, or the attempt. */
export interface TenantAccess {
  readonly action: "load" | "save";
  /** "denied": it belongs to a different tenant. "failed": anything else that was thrown. */
  readonly outcome: "allowed" | "denied" | "failed";
  /** Who asked. */
  readonly tenantId: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  /** What was thrown; undefined when it was allowed. */
  readonly error: unknown;
}

type Access = Omit<TenantAccess, "outcome" | "error">;
type Tell = TenantHooks<never>["onAccess"];

/** Tells of an access how it went. */
export async function audited<T>(tell: Tell, access: Access, run: () => Promise<T>): Promise<T> {
  try {
    const result = await run();
    tellSafely(tell, { ...access, outcome: "allowed", error: undefined });
    return result;
  } catch (error) {
    const denied = isAnnalsError(error, "foreign_aggregate");
    tellSafely(tell, { ...access, outcome: denied ? "denied" : "failed", error });
    throw error;
  }
}
