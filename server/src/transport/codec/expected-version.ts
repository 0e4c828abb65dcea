import type { ExpectedVersion as ProtoExpectedVersion } from "@annals/proto/annals/v1/event_store";
import { invalidArgument } from "../../domain/error.js";
import type { ExpectedVersion } from "../../domain/expected-version.js";

/** @throws AnnalsError invalid_argument when none is set: there is no silent default */
export function parseExpectedVersion(
  expected: ProtoExpectedVersion | undefined,
  field: string,
): ExpectedVersion {
  const kind = expected?.kind;
  switch (kind?.case) {
    case "exactly":
      return { kind: "exactly", version: kind.value };
    case "noStream":
      return { kind: "no_stream" };
    case "streamExists":
      return { kind: "stream_exists" };
    case "any":
      return { kind: "any" };
    case undefined:
      throw invalidArgument(field, "is required: exactly, no_stream, stream_exists or any");
    default:
      return kind satisfies never;
  }
}
