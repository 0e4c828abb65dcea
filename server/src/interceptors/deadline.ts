import { AnnalsError } from "../domain/error.js";
import type { Interceptor } from "./interceptor.js";

/** Longest timer of the runtime; a deadline further away never passes. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Ends a call when its deadline passes: the caller's, or the server's own for a unary call without
 * one. A unary call is answered then, whether or not what it waits for can be stopped.
 *
 * @param callTimeoutMs the server's own
 */
export function deadline(callTimeoutMs: number): Interceptor {
  return (call, next) => {
    const own = call.streaming ? Infinity : callTimeoutMs;
    const given = call.deadline === undefined ? Infinity : call.deadline - Date.now();
    const timeoutMs = Math.min(own, given);
    if (timeoutMs <= 0) throw passed(false);
    if (timeoutMs > maxTimerMs) return next();
    const running = next();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        call.abort(passed(true));
        if (!call.streaming) reject(passed(true));
      }, timeoutMs);
      running
        .finally(() => {
          clearTimeout(timer);
        })
        .then(resolve, reject);
    });
  };
}

function passed(outcomeUnknown: boolean): AnnalsError {
  return new AnnalsError({ reason: "deadline_exceeded", outcomeUnknown });
}
