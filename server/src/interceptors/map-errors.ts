import { failureOfAbort } from "../domain/abort.js";
import { AnnalsError } from "../domain/error.js";
import type { Interceptor } from "./interceptor.js";
import type { CallLogger } from "./request-log.js";

/**
 * From here outwards every error is an AnnalsError. A surprise becomes "internal": its text stays
 * in the log, under the request id that the caller is given.
 */
export function mapErrors(logger: CallLogger): Interceptor {
  return async (call, next) => {
    try {
      await next();
    } catch (error) {
      if (error instanceof AnnalsError) throw error;
      if (call.aborted) {
        throw new AnnalsError(failureOfAbort(call, true), { cause: error });
      }
      logger.error({ requestId: call.requestId, method: call.method, err: error }, "call failed");
      throw new AnnalsError({ reason: "internal", outcomeUnknown: true }, { cause: error });
    }
  };
}
