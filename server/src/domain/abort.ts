import { AnnalsError, type Failure } from "./error.js";

/** Says whether the caller still waits: an AbortSignal, or what is cheaper to make than one. */
export type Abandonment = Pick<AbortSignal, "aborted" | "reason">;

/**
 * What an abort means. Who aborts with an AnnalsError as the reason says so itself; any other reason
 * is a caller that went away.
 *
 * @param outcomeUnknown whether a write may have happened all the same
 */
export function failureOfAbort(by: Abandonment, outcomeUnknown: boolean): Failure {
  const reason: unknown = by.reason;
  const failure: Failure =
    reason instanceof AnnalsError ? reason.failure : { reason: "cancelled", outcomeUnknown };
  return "outcomeUnknown" in failure ? { ...failure, outcomeUnknown } : failure;
}

/** @throws AnnalsError as failureOfAbort, when the caller no longer waits */
export function throwIfAborted(by: Abandonment | undefined): void {
  if (by?.aborted) throw new AnnalsError(failureOfAbort(by, false));
}
