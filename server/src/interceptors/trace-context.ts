import type { Call } from "./call.js";

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/**
 * The trace that the caller says a call belongs to, 32 hexadecimal digits: the metadata key
 * `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header). Undefined when there is
 * none; one that breaks the rules is ignored, as they ask.
 */
export function traceIdOf(call: Call): string | undefined {
  const [value = "", ...more] = call.metadata("traceparent");
  const [, version, traceId = "", parentId = "", rest] = pattern.exec(value) ?? [];
  if (version === undefined || version === "ff" || more.length > 0) return undefined;
  if (version === "00" && rest !== undefined) return undefined;
  return /[^0]/.test(traceId) && /[^0]/.test(parentId) ? traceId : undefined;
}
