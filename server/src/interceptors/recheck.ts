import { AnnalsError } from "../domain/error.js";
import type { Authenticate } from "./authenticate.js";
import { assertNotBlocked } from "./audit.js";
import type { Call } from "./call.js";
import type { Interceptor } from "./interceptor.js";
import type { Suspicion } from "./suspicion.js";

/**
 * Looks at the credential of an open stream again, every so often: one that was revoked, by its key's
 * removal or its subject's blocking, does not outlive that by more than the interval.
 *
 * @param everyMs the interval, in milliseconds
 */
export function recheck(how: Authenticate, suspicion: Suspicion, everyMs: number): Interceptor {
  return {
    enter: (call) => {
      if (!call.streaming || call.identity?.method === "dev") return;
      const timer = setInterval(() => {
        void endIfRevoked(call, how, suspicion);
      }, everyMs);
      timer.unref();
      call.onEnd(() => {
        clearInterval(timer);
      });
    },
  };
}

async function endIfRevoked(call: Call, how: Authenticate, suspicion: Suspicion): Promise<void> {
  try {
    const { tenants } = await how(call);
    const { tenantId } = call;
    if (tenantId !== undefined && !tenants.includes(tenantId)) {
      throw new AnnalsError({
        reason: "permission_denied",
        description: "the credential no longer allows the tenant",
      });
    }
    assertNotBlocked(call, suspicion);
  } catch (error) {
    // That it cannot be told now, because the keys cannot be read, is no reason to end a stream.
    const tells = error instanceof AnnalsError && error.failure.reason !== "unavailable";
    if (tells) call.abort(error);
  }
}
