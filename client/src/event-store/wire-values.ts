import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AnnalsError } from "../connection/errors.js";

const largestUint64 = 2n ** 64n - 1n;

/**
 * Text as it is. Half of a surrogate pair has no UTF-8: it would be sent as U+FFFD, and the names of
 * two streams could become one.
 *
 * @throws AnnalsError invalid_argument
 */
export function toWireString(field: string, text: string): string {
  if (text.isWellFormed()) return text;
  throw invalid(field, "has half of a surrogate pair, which UTF-8 cannot hold");
}

/** @throws AnnalsError invalid_argument */
export function toWireStrings(field: string, texts: readonly string[] = []): string[] {
  return texts.map((text, i) => toWireString(`${field}[${i}]`, text));
}

/** @throws AnnalsError invalid_argument */
export function toWireMap(
  field: string,
  map: Readonly<Record<string, string>>,
): Record<string, string> {
  for (const [key, value] of Object.entries(map)) {
    toWireString(`${field} key`, key);
    toWireString(`${field}["${key}"]`, value);
  }
  return map;
}

/**
 * A count, version or position; 0, which asks for the default, when there is none.
 *
 * @throws AnnalsError invalid_argument when it is no integer from `minimum` to 2^64 - 1
 */
export function toWireCount(
  field: string,
  value: bigint | number | undefined,
  minimum: bigint,
): bigint {
  if (value === undefined) return 0n;
  const whole = typeof value === "bigint" || Number.isInteger(value) ? BigInt(value) : -1n;
  if (whole >= minimum && whole <= largestUint64) return whole;
  throw invalid(field, `must be an integer from ${minimum} to 2^64 - 1`);
}

/** @throws AnnalsError invalid_argument */
export function toWireTime(field: string, date: Date): Timestamp {
  if (Number.isNaN(date.getTime())) throw invalid(field, "is an invalid Date");
  return timestampFromDate(date);
}

/** @throws AnnalsError invalid_argument */
export function toProtoStream({
  aggregateType,
  aggregateId,
}: Readonly<Record<"aggregateType" | "aggregateId", string>>): {
  aggregateType: string;
  aggregateId: string;
} {
  return {
    aggregateType: toWireString("stream.aggregate_type", aggregateType),
    aggregateId: toWireString("stream.aggregate_id", aggregateId),
  };
}

function invalid(field: string, description: string): AnnalsError {
  const message = `${field} ${description}`;
  return new AnnalsError("invalid_argument", message, { field, description });
}
