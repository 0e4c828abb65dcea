import { failureOfAbort } from "../domain/abort.js";
import { AnnalsError } from "../domain/error.js";
import type { Interceptor } from "./interceptor.js";
import type { CallLogger } from "./request-log.js";

/**
 * From here outwards every error is an AnnalsError. A surprise becomes "internal": its text stays
 * in the log, under the request id that the caller is given.
 */
export function mapErrors(logger: CallLogger): Interceptor {
  return {
    leave: (call, error) => {
      if (error === undefined || error instanceof AnnalsError) return error;
      if (call.aborted) return new AnnalsError(failureOfAbort(call, true), { cause: error });
      logger.error({ requestId: call.requestId, method: call.method, err: error }, "call failed");
      return new AnnalsError({ reason: "internal", outcomeUnknown: true }, { cause: error });
    },
  };
}
