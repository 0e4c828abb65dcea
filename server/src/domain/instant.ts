/** A point in time: microseconds since 1970-01-01T00:00:00Z, negative before it. */
export type Instant = bigint;

/** Tells the time. Passed in, so that tests rule it. */
export type Clock = () => Instant;

/** 0001-01-01T00:00:00Z, the earliest time that google.protobuf.Timestamp allows. */
export const minInstant: Instant = -62_135_596_800_000_000n;

/** 9999-12-31T23:59:59.999999Z, the latest time that google.protobuf.Timestamp allows. */
export const maxInstant: Instant = 253_402_300_799_999_999n;

/** The machine's clock, to the millisecond. */
export const systemClock: Clock = () => BigInt(Date.now()) * 1000n;

/** The inverse, for nanos from 0 to 999,999,999; digits below the microsecond are dropped. */
export function instantOfParts(seconds: number, nanos: number): Instant {
  const ofSecond = Math.floor(nanos / 1_000);
  const micros = 1_000_000 * seconds + ofSecond;
  if (Number.isSafeInteger(micros)) return BigInt(micros);
  return 1_000_000n * BigInt(seconds) + BigInt(ofSecond);
}

/**
 * An instant as a google.protobuf.Timestamp's parts; up to the year 2255 by plain numbers. `| 0` keeps the nanos what
 * V8 stores as an integer. Were they one now and a floating point number then, it would change the shape of
 * timestamps while it compiles what reads them, and might compile that again and again, for as long as it runs.
 */
export function partsOfInstant(instant: Instant): {
  readonly seconds: number;
  readonly nanos: number;
} {
  const micros = Number(instant);
  if (Number.isSafeInteger(micros)) {
    const seconds = Math.floor(micros / 1_000_000);
    return { seconds, nanos: (1_000 * (micros - seconds * 1_000_000)) | 0 };
  }
  const rest = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return { seconds: Number((instant - rest) / 1_000_000n), nanos: 1_000 * Number(rest) };
}
