import type { Call } from "./call.js";
import type { Identity } from "./identity.js";
import type { Interceptor } from "./interceptor.js";

/**
 * Finds out who calls, from the call's metadata.
 *
 * @throws AnnalsError unauthenticated when there is no credential or it does not verify
 */
export type Authenticate = (call: Call) => Identity | Promise<Identity>;

/** Lets no call in without an identity. */
export function authenticate(how: Authenticate): Interceptor {
  return {
    enter: (call) => {
      const identity = how(call);
      if (!(identity instanceof Promise)) {
        call.identity = identity;
        return undefined;
      }
      return identity.then((verified) => {
        call.identity = verified;
      });
    },
  };
}
