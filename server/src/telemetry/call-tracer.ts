import {
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  trace,
} from "@opentelemetry/api";
import type { Failure } from "../domain/error.js";
import { type Call, hostOf } from "../interceptors/call.js";
import type { CallObserver } from "../interceptors/observe-calls.js";

/** What the server is to blame for; all else is the caller's: https://opentelemetry.io/docs/specs/semconv/rpc/ */
const serversFault: ReadonlySet<Failure["reason"]> = new Set([
  "deadline_exceeded",
  "internal",
  "unavailable",
  "unimplemented",
]);

/** Reads what a caller says of its trace out of its metadata. */
const metadata: TextMapGetter<Call> = {
  get: (call, key) => [...call.metadata(key.toLowerCase())],
  keys: () => [],
};

/** A span for every call, in the trace that its caller names, as the process' OpenTelemetry SDK exports them. */
export class CallTracer implements CallObserver {
  readonly #tracer = trace.getTracer("annals");
  readonly #spans = new WeakMap<Call, Span>();

  /** Undefined where the process has no SDK: spans would go nowhere. */
  static ofProcess(): CallTracer | undefined {
    const tracer = new CallTracer();
    const probe = tracer.#tracer.startSpan("probe"); // never ended, so exported by nobody
    return isSpanContextValid(probe.spanContext()) ? tracer : undefined;
  }

  readonly callBegan = (call: Call): void => {
    const slash = call.method.lastIndexOf("/");
    const attributes = {
      "rpc.service": call.method.slice(0, slash),
      "rpc.method": call.method.slice(slash + 1),
      "client.address": hostOf(call.peer),
    };
    const parent = propagation.extract(ROOT_CONTEXT, call, metadata);
    const span = this.#tracer.startSpan(call.method, { kind: SpanKind.SERVER, attributes }, parent);
    this.#spans.set(call, span);
  };

  readonly callEnded = (call: Call, reason: Failure["reason"] | undefined): void => {
    const span = this.#spans.get(call);
    if (!span) return;
    span.setAttribute("annals.outcome", reason ?? "ok");
    span.setAttribute("annals.request_id", call.requestId);
    if (call.tenantId !== undefined) span.setAttribute("annals.tenant_id", call.tenantId);
    if (reason && serversFault.has(reason)) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };
}
