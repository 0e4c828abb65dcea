import type { Interceptor } from "@connectrpc/connect";

/** Which trace a call belongs to. */
export interface TraceOptions {
  /**
   * Asked at every call for the `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header) of what its
   * caller does, so that the server's span and log line belong to that trace; undefined: none. Pipelined appends
   * share one call, which is sent none. What it throws is ignored.
   */
  readonly traceparent?: (() => string | undefined) | undefined;
}

/** Tells the server of the caller's trace, but in calls that several callers share. */
export function withTrace({ traceparent }: TraceOptions): Interceptor {
  return (next) => (request) => {
    if (traceparent && request.method.methodKind !== "bidi_streaming") {
      setTraceparent(request.header, traceparent);
    }
    return next(request);
  };
}

function setTraceparent(header: Headers, traceparent: () => string | undefined): void {
  try {
    const value = traceparent();
    if (value !== undefined) header.set("traceparent", value);
  } catch {
    // No trace stands in the way of a call.
  }
}
