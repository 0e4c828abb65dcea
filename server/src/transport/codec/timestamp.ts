import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { invalidArgument } from "../../domain/error.js";
import {
  type Instant,
  instantOfParts,
  maxInstant,
  minInstant,
  partsOfInstant,
} from "../../domain/instant.js";

const minSeconds = Number(minInstant / 1_000_000n);
const maxSeconds = Number(maxInstant / 1_000_000n);

/**
 * A google.protobuf.Timestamp as an instant; digits below the microsecond are dropped.
 *
 * @throws AnnalsError invalid_argument outside of years 1 to 9999 or of 0 to 999,999,999 nanos
 */
function parseTimestamp(timestamp: Timestamp, field: string): Instant {
  const { nanos } = timestamp;
  if (nanos < 0 || nanos > 999_999_999) {
    throw invalidArgument(`${field}.nanos`, "must be 0 to 999,999,999");
  }
  const seconds = Number(timestamp.seconds);
  if (seconds < minSeconds || seconds > maxSeconds) {
    throw invalidArgument(`${field}.seconds`, "must be within years 1 to 9999");
  }
  return instantOfParts(seconds, nanos);
}

/** Like parseTimestamp, for a field that may be unset. */
export function parseOptionalTimestamp(
  timestamp: Timestamp | undefined,
  field: string,
): Instant | undefined {
  return timestamp && parseTimestamp(timestamp, field);
}

/** An instant as a google.protobuf.Timestamp. */
export function toTimestamp(instant: Instant): Timestamp {
  const { seconds, nanos } = partsOfInstant(instant);
  return { $typeName: "google.protobuf.Timestamp", seconds: BigInt(seconds), nanos };
}
