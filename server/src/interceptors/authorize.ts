import { AnnalsError } from "../domain/error.js";
import type { Interceptor } from "./interceptor.js";

/** Lets a call on only when the credential has one of the scopes that the method declares. */
export const authorize: Interceptor = (call, next) => {
  if (call.scopes.some((scope) => call.identity?.scopes.has(scope))) return next();
  throw new AnnalsError({
    reason: "permission_denied",
    description: `the credential lacks the scope ${call.scopes.join(" or ")}`,
  });
};
