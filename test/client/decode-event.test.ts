import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { isAnnalsError } from "@annals/client";
import { type RecordedEvent, RecordedEventSchema } from "@annals/proto/annals/v1/event";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EventDecoder, type WireEvent } from "#client/event-store/decode-event.js";

const text = fc.string({ unit: "binary", maxLength: 20 }).filter((each) => each.isWellFormed());
const name = fc.oneof(fc.constantFrom("", "Order", "OrderPlaced", "\ufefföß😀"), text);
const uint64 = fc.oneof(
  fc.bigInt(0n, 2n ** 64n - 1n),
  fc.nat(300).map(BigInt),
  fc.constantFrom(2n ** 49n - 1n, 2n ** 49n, 2n ** 53n, 2n ** 63n),
);
/** All that google.protobuf.Timestamp allows: years 1 to 9999. */
const time = fc.record({
  seconds: fc.bigInt(-62_135_596_800n, 253_402_300_799n),
  nanos: fc.nat(999_999_999),
});
const recorded = fc
  .record({
    tenantId: name,
    eventId: name,
    aggregateType: name,
    aggregateId: name,
    eventType: name,
    aggregateVersion: uint64,
    position: uint64,
    occurredAt: time,
    recordedAt: time,
    data: fc.uint8Array({ maxLength: 300 }),
    contentType: name,
    metadata: fc.dictionary(fc.oneof(name, fc.constant("__proto__")), name, { maxKeys: 3 }),
    correlationId: name,
    causationId: name,
    tags: fc.array(name, { maxLength: 3 }),
  })
  .map((init) => create(RecordedEventSchema, init as Omit<RecordedEvent, "$typeName">));

const bytesOf = (event: RecordedEvent): Uint8Array => toBinary(RecordedEventSchema, event);

function expected(event: RecordedEvent): WireEvent {
  const { occurredAt, recordedAt, metadata } = event;
  const others = Object.entries(event).filter(([key]) => key !== "$typeName");
  return {
    ...(Object.fromEntries(others) as unknown as WireEvent),
    metadata: Object.fromEntries(Object.entries(metadata)),
    occurredAt: floored(timestampDate(occurredAt!), occurredAt!.nanos),
    recordedAt: floored(timestampDate(recordedAt!), recordedAt!.nanos),
  };
}

/** To the millisecond, towards the past. */
function floored(date: Date, nanos: number): Date {
  return new Date(
    Math.round(date.getTime() / 1_000 - nanos / 1e9) * 1_000 + Math.floor(nanos / 1e6),
  );
}

test("events are decoded as by the generated code, one after the other", () => {
  fc.assert(
    fc.property(fc.array(recorded, { minLength: 1, maxLength: 5 }), (events) => {
      const decoder = new EventDecoder();
      for (const event of events) expect(decoder.decode(bytesOf(event))).toEqual(expected(event));
    }),
    { numRuns: 500 },
  );
});

test("of a metadata key that comes twice the last value counts, as by the generated code", () => {
  for (const key of ["user", "__proto__"]) {
    const withUser = (user: string) => {
      return bytesOf(create(RecordedEventSchema, { metadata: Object.fromEntries([[key, user]]) }));
    };
    const bytes = new Uint8Array(Buffer.concat([withUser("Ann"), withUser("Bob")]));
    const { metadata } = new EventDecoder().decode(bytes);
    expect(Object.entries(metadata)).toEqual([[key, "Bob"]]);
    expect(Object.isFrozen(metadata)).toBe(true);
  }
  const bytes = Buffer.concat(
    ["1", "2"].map((a) => bytesOf(create(RecordedEventSchema, { metadata: { a } }))),
  );
  expect(fromBinary(RecordedEventSchema, bytes).metadata).toEqual({ a: "2" });
});

test("fields of a newer server are passed over, wherever they stand", () => {
  fc.assert(
    fc.property(recorded, fc.uint8Array({ maxLength: 20 }), uint64, (event, bytes, number) => {
      const unknown = new BinaryWriter()
        .tag(100, WireType.LengthDelimited)
        .bytes(bytes)
        .tag(101, WireType.Varint)
        .uint64(number)
        .tag(102, WireType.Bit64)
        .fixed64(number)
        .tag(103, WireType.Bit32)
        .fixed32(7)
        .finish();
      const all = new Uint8Array(Buffer.concat([unknown, bytesOf(event), unknown]));
      expect(new EventDecoder().decode(all)).toEqual(expected(event));
    }),
  );
});

test("what is no event ends with a typed error, whatever it is", () => {
  const decode = (bytes: Uint8Array): void => {
    try {
      new EventDecoder().decode(bytes);
    } catch (error) {
      if (!isAnnalsError(error, "internal")) throw error;
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), decode), { numRuns: 2_000 });
  fc.assert(
    fc.property(recorded, fc.nat(), fc.nat(255), (event, at, byte) => {
      const bytes = bytesOf(event);
      decode(bytes.subarray(0, at % (bytes.length + 1)));
      const changed = bytes.slice();
      changed[at % bytes.length] = byte;
      decode(changed);
    }),
  );
});
