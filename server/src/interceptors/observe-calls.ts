import { AnnalsError, type Failure } from "../domain/error.js";
import type { Call } from "./call.js";
import type { Interceptor } from "./interceptor.js";

/** Told of every call: what metrics and traces are made of. */
export interface CallObserver {
  readonly callBegan: (call: Call) => void;
  /** @param reason why it failed; undefined: it went well */
  readonly callEnded: (call: Call, reason: Failure["reason"] | undefined) => void;
}

/** Stands outermost, to be told of what the others refuse, too. */
export function observeCalls(observer: CallObserver): Interceptor {
  return {
    enter: (call) => {
      observer.callBegan(call);
    },
    leave: (call, error) => {
      observer.callEnded(call, error && reasonOf(error));
      return error;
    },
  };
}

function reasonOf(error: Error): Failure["reason"] {
  return error instanceof AnnalsError ? error.failure.reason : "internal";
}
