import { AnnalsError } from "../domain/error.js";
import type { Interceptor } from "./interceptor.js";

/** Longest timer of the runtime; a deadline further away never passes. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Ends a call when its deadline passes: the caller's, or the server's own for a unary call without
 * one.
 *
 * @param callTimeoutMs the server's own
 */
export function deadline(callTimeoutMs: number): Interceptor {
  return {
    enter: (call) => {
      const own = call.streaming ? Infinity : callTimeoutMs;
      const given = call.deadline === undefined ? Infinity : call.deadline - Date.now();
      const timeoutMs = Math.min(own, given);
      if (timeoutMs <= 0) throw passed(false);
      if (timeoutMs > maxTimerMs) return;
      const timer = setTimeout(() => {
        call.abort(passed(true));
      }, timeoutMs);
      call.onEnd(() => {
        clearTimeout(timer);
      });
    },
  };
}

function passed(outcomeUnknown: boolean): AnnalsError {
  return new AnnalsError({ reason: "deadline_exceeded", outcomeUnknown });
}
