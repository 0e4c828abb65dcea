import type { AnnalsError } from "./errors.js";

/**
 * Whether coming again may help. What a server refuses, it refuses again.
 *
 * @param renewable whether a credential that was refused may be good again: one that was good before
 */
export function mayPass(error: AnnalsError, renewable: boolean): boolean {
  switch (error.code) {
    case "unavailable":
    case "internal":
    case "deadline_exceeded":
      return true;
    case "limit_exceeded":
      return error.retryAfterMs !== undefined;
    case "unauthenticated":
      return renewable;
    default:
      return false;
  }
}
