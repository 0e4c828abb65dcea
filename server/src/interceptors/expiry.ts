import { unauthenticated } from "./bearer.js";
import type { Call } from "./call.js";
import type { Interceptor } from "./interceptor.js";

/** Longest timer of the runtime. */
const maxTimerMs = 2 ** 31 - 1;

/** Ends a stream with UNAUTHENTICATED when the credential that opened it expires. */
export const expiry: Interceptor = {
  enter: (call) => {
    const expiresAt = call.identity?.expiresAt ?? 0;
    if (call.streaming && expiresAt !== Infinity) endAt(expiresAt, call);
  },
};

function endAt(expiresAt: number, call: Call): void {
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    const left = expiresAt - Date.now();
    if (left <= 0) call.abort(unauthenticated("the credential has expired"));
    else timer = setTimeout(arm, Math.min(left, maxTimerMs));
  };
  arm();
  call.onEnd(() => {
    clearTimeout(timer);
  });
}
