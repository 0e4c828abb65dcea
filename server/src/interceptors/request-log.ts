import { AnnalsError } from "../domain/error.js";
import type { Call } from "./call.js";
import type { Interceptor } from "./interceptor.js";
import { RefusalLines } from "./refusal-lines.js";
import { traceIdOf } from "./trace-context.js";

/** The part of pino that interceptors use. */
export interface CallLogger {
  isLevelEnabled(level: string): boolean;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * One line a call: who, what, how long, how it ended. Never a payload, a token or a metadata value,
 * but for the id of the trace that the call belongs to.
 * Calls that went well are logged at "debug", those refused or failed at "info"; defects have a
 * line of their own at "error" (map-errors.ts). Of those that a limit refused there is one line a second
 * for each tenant and limit, which says how many they were.
 */
export function requestLog(logger: CallLogger): Interceptor {
  const lines = new RefusalLines();
  const logFailed = (call: Call, error: Error): void => {
    const failure = error instanceof AnnalsError ? error.failure : undefined;
    if (failure?.reason !== "limit_exceeded") {
      logger.info(fieldsOf(call, failure?.reason ?? "internal"), "call");
      return;
    }
    const { limit } = failure;
    const refused = lines.count(`${call.tenantId ?? ""} ${limit}`, performance.now());
    if (refused !== undefined) {
      logger.info({ ...fieldsOf(call, failure.reason), limit, refused }, "call");
    }
  };
  return {
    leave: (call, error) => {
      if (error !== undefined) logFailed(call, error);
      else if (logger.isLevelEnabled("debug")) logger.debug(fieldsOf(call, "ok"), "call");
      return error;
    },
  };
}

function fieldsOf(call: Call, outcome: string): object {
  return {
    requestId: call.requestId,
    traceId: traceIdOf(call),
    method: call.method,
    peer: call.peer,
    subject: call.identity?.subject,
    tenantId: call.tenantId,
    outcome,
    durationMs: Math.round((performance.now() - call.startedMs) * 1000) / 1000,
  };
}
