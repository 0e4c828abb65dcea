import { ContextStorage } from "#platform";
import { AnnalsError } from "../connection/errors.js";

/** The tenant of whatever runs. It holds nothing by itself: each run has its own value. */
const storage = new ContextStorage<string | undefined>();

/**
 * Runs something for a tenant. The tenant goes along through awaits, timers and whatever is started
 * inside; when it ends, however it ends, the tenant outside is as before.
 *
 * @param tenantId from a verified credential, never from user input
 */
export function runWithTenant<T>(tenantId: string, run: () => T): T {
  return storage.run(tenantId, run);
}

/** Runs something for no tenant, also inside of a tenant's context. */
export function runWithoutTenant<T>(run: () => T): T {
  return storage.run(undefined, run);
}

/** The tenant in whose context this runs; undefined outside of any. */
export function currentTenant(): string | undefined {
  return storage.getStore();
}

/** The tenant in whose context this runs. @throws AnnalsError tenant_required outside of any, or "" */
export function requireTenant(): string {
  const tenantId = currentTenant();
  if (tenantId !== undefined && tenantId !== "") return tenantId;
  throw new AnnalsError("tenant_required", "a tenant is required: use runWithTenant", {});
}
