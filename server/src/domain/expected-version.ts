/** What a stream must be for an append to happen. */
export type ExpectedVersion =
  | { readonly kind: "exactly"; readonly version: bigint }
  | { readonly kind: "no_stream" }
  | { readonly kind: "stream_exists" }
  | { readonly kind: "any" };

/**
 * Whether a stream is what an append expects.
 *
 * @param actual the stream's version, 0 when it has no events
 */
export function isExpected(expected: ExpectedVersion, actual: bigint): boolean {
  switch (expected.kind) {
    case "exactly":
      return actual === expected.version;
    case "no_stream":
      return actual === 0n;
    case "stream_exists":
      return actual > 0n;
    case "any":
      return true;
    default:
      return expected satisfies never;
  }
}

/** As errors show it: a version in decimal, or the kind. */
export function formatExpectedVersion(expected: ExpectedVersion): string {
  return expected.kind === "exactly" ? String(expected.version) : expected.kind;
}
