import { AnnalsError, type Failure } from "./error.js";

/**
 * What an aborted signal means. Who aborts with an AnnalsError as the reason says so itself; any
 * other reason is a caller that went away.
 *
 * @param outcomeUnknown whether a write may have happened all the same
 */
export function failureOfAbort(signal: AbortSignal, outcomeUnknown: boolean): Failure {
  const failure: Failure =
    signal.reason instanceof AnnalsError
      ? signal.reason.failure
      : { reason: "cancelled", outcomeUnknown };
  return "outcomeUnknown" in failure ? { ...failure, outcomeUnknown } : failure;
}

/** @throws AnnalsError as failureOfAbort, when the signal is aborted */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AnnalsError(failureOfAbort(signal, false));
}
