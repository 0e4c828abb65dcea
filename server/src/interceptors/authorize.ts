import { AnnalsError } from "../domain/error.js";
import type { Interceptor } from "./interceptor.js";

/** Lets a call on only when the credential has one of the scopes that the method declares. */
export const authorize: Interceptor = {
  enter: ({ scopes, identity }) => {
    for (const scope of scopes) if (identity?.scopes.has(scope)) return;
    throw new AnnalsError({
      reason: "permission_denied",
      description: `the credential lacks the scope ${scopes.join(" or ")}`,
    });
  },
};
