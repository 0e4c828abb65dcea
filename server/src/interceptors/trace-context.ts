import type { Call } from "./call.js";

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/**
 * What the caller says of the trace that a call belongs to, as it says it: the metadata key
 * `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header). Undefined when there is
 * none; one that breaks the rules is ignored, as they ask.
 */
export function traceparentOf(call: Call): string | undefined {
  const [value = "", ...more] = call.metadata("traceparent");
  const [, version, traceId = "", parentId = "", rest] = pattern.exec(value) ?? [];
  if (version === undefined || version === "ff" || more.length > 0) return undefined;
  if (version === "00" && rest !== undefined) return undefined;
  return /[^0]/.test(traceId) && /[^0]/.test(parentId) ? value : undefined;
}

/** The id of that trace, 32 hexadecimal digits. */
export function traceIdOf(call: Call): string | undefined {
  return traceparentOf(call)?.split("-")[1];
}
