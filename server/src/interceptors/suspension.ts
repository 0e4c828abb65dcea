import { AnnalsError } from "../domain/error.js";
import type { TenantId } from "../domain/tenant.js";
import type { Suspension } from "../domain/tenant-settings.js";
import type { Interceptor } from "./interceptor.js";

/** Which tenants' calls are refused. */
export interface Suspensions {
  suspensionOf(tenantId: TenantId): Suspension | undefined;
  /** @returns ends it */
  watchSuspension(tenantId: TenantId, onSuspended: (suspension: Suspension) => void): () => void;
}

/** Refuses the calls of a tenant that is suspended, and ends its streams when it comes to be. */
export function refuseSuspended(suspensions: Suspensions): Interceptor {
  return {
    enter: (call) => {
      const { tenantId } = call;
      if (tenantId === undefined) return;
      const suspension = suspensions.suspensionOf(tenantId);
      if (suspension) throw suspended(suspension);
      if (!call.streaming) return;
      const unwatch = suspensions.watchSuspension(tenantId, (now) => {
        call.abort(suspended(now));
      });
      call.onEnd(unwatch);
    },
  };
}

function suspended({ reason }: Suspension): AnnalsError {
  const why = reason === "" ? "" : `: ${reason}`;
  return new AnnalsError({
    reason: "tenant_suspended",
    description: `the tenant is suspended${why}`,
  });
}
