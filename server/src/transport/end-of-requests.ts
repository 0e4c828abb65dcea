import type { Call } from "../interceptors/call.js";

/**
 * Ends the requests of a bidirectional call from this side: with the call, or before it when the server stops. What
 * was taken until then is answered.
 */
export function endOfRequests(call: Call): AbortController {
  const end = new AbortController();
  const withCall = (): void => {
    end.abort(call.reason);
  };
  call.signal.addEventListener("abort", withCall);
  if (call.aborted) withCall();
  return end;
}
