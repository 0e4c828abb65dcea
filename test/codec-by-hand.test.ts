import {
  create,
  type DescMessage,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { EmptySchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import {
  type AppendRequest,
  AppendRequestSchema,
  AppendResponseSchema,
  AppendStreamRequestSchema,
  AppendStreamResponseSchema,
  type ExpectedVersion,
} from "@annals/proto/annals/v1/event_store";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appendByHand, appendStreamByHand } from "#server/transport/codec/append-by-hand.js";

const text = fc.string({ unit: "binary", maxLength: 20 }).filter((each) => each.isWellFormed());
const name = fc.oneof(fc.constantFrom("", "Order", "OrderPlaced", "\ufefföß😀"), text);
const plainName = name.map((each) => each.replaceAll("\ufffd", ""));
const uint64 = fc.oneof(fc.nat(300).map(BigInt), fc.bigInt(0n, 2n ** 49n - 1n));
const anyUint64 = fc.oneof(uint64, fc.bigInt(0n, 2n ** 64n - 1n));

const expectedVersion = (version: fc.Arbitrary<bigint>): fc.Arbitrary<ExpectedVersion["kind"]> => {
  const value = create(EmptySchema);
  return fc.oneof(
    version.map((exactly) => ({ case: "exactly" as const, value: exactly })),
    fc.constantFrom(
      { case: "noStream" as const, value },
      { case: "streamExists" as const, value },
      { case: "any" as const, value },
    ),
  );
};

/** @param seconds of a time */
function request(
  texts: fc.Arbitrary<string>,
  seconds: fc.Arbitrary<bigint>,
  version: fc.Arbitrary<bigint>,
  keys: fc.Arbitrary<string>,
): fc.Arbitrary<AppendRequest> {
  const time = fc
    .record({ seconds, nanos: fc.nat(999_999_999) })
    .map((init) => create(TimestampSchema, init));
  const event = fc.record({
    eventId: texts,
    eventType: texts,
    occurredAt: fc.oneof(fc.constant(undefined), time),
    data: fc.uint8Array({ maxLength: 300 }),
    contentType: texts,
    metadata: fc.dictionary(keys, texts, { maxKeys: 3 }),
    correlationId: texts,
    causationId: texts,
    tags: fc.array(texts, { maxLength: 3 }),
  });
  return fc
    .record({
      stream: fc.record({ aggregateType: texts, aggregateId: texts }),
      expectedVersion: expectedVersion(version).map((kind) => ({ kind })),
      events: fc.array(event, { maxLength: 4 }),
    })
    .map(({ events, ...rest }) =>
      create(AppendRequestSchema, {
        ...rest,
        events: events.map(({ occurredAt, ...others }) =>
          occurredAt ? { ...others, occurredAt } : others,
        ),
      }),
    );
}

// "__proto__" as a key of metadata is left to the general decoder.
const plainKey = plainName.filter((each) => each !== "__proto__");
const plain = request(plainName, uint64, uint64, plainKey);
const any = request(
  name,
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  anyUint64,
  fc.oneof(name, fc.constant("__proto__")),
);

describe("decoding", () => {
  test("what clients send is decoded by hand, as the general decoder does it", () => {
    fc.assert(
      fc.property(plain, (message) => {
        const bytes = Buffer.from(toBinary(AppendRequestSchema, message));
        expect(appendByHand.decode(bytes)).toStrictEqual(fromBinary(AppendRequestSchema, bytes));
      }),
      { numRuns: 500 },
    );
  });

  test("so is what a pipelined call sends", () => {
    fc.assert(
      fc.property(plain, uint64, (append, correlationId) => {
        const message = create(AppendStreamRequestSchema, { append, correlationId });
        const bytes = Buffer.from(toBinary(AppendStreamRequestSchema, message));
        const general = fromBinary(AppendStreamRequestSchema, bytes);
        expect(appendStreamByHand.decode(bytes)).toStrictEqual(general);
      }),
    );
  });

  test("unusual values are decoded alike or left to the general decoder", () => {
    fc.assert(
      fc.property(any, (message) => {
        assertAlikeOrLeft(toBinary(AppendRequestSchema, message));
      }),
      { numRuns: 500 },
    );
  });

  test("bytes that are cut, changed, repeated or foreign are decoded alike or left", () => {
    let alike = 0;
    let left = 0;
    const change = fc.record({
      at: fc.nat(400),
      cut: fc.nat(3),
      put: fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.constant(new Uint8Array([0x1a, 0]))),
    });
    fc.assert(
      fc.property(plain, change, (message, { at, cut, put }) => {
        const bytes = Buffer.from(toBinary(AppendRequestSchema, message));
        const changed = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
        if (assertAlikeOrLeft(changed)) alike++;
        else left++;
      }),
      { numRuns: 5_000 },
    );
    expect(Math.min(alike, left)).toBeGreaterThan(100);
  });

  test.each([
    ["a stream twice, whose parts are to be merged", "0a020a000a02120012022200"],
    ["two kinds of expected version, of which the last holds", "0a02120012042200" + "0800"],
    ["a field that this server does not know", "0a021200120222002a00"],
    ["a text that is not UTF-8", "0a0312" + "01ff12022200"],
    ['metadata of the name "__proto__"', "0a0012022200" + "1a0d320b0a095f5f70726f746f5f5f"],
    [
      "a type that is the one before it in Latin-1, not UTF-8",
      "0a0012022200" + "1a041202c3a9" + "1a031201e9",
    ],
    ["a length beyond the end", "0a7f"],
    ["a number without an end", "0a02120012020880"],
    ["nothing", ""],
  ])("%s is left", (_, hex) => {
    expect(appendByHand.decode(Buffer.from(hex, "hex"))).toBeUndefined();
  });
});

/** @returns whether it was decoded by hand */
function assertAlikeOrLeft(bytes: Uint8Array): boolean {
  const byHand = appendByHand.decode(Buffer.from(bytes));
  if (byHand === undefined) return false;
  expect(byHand).toStrictEqual(fromBinary(AppendRequestSchema, Buffer.from(bytes)));
  return true;
}

describe("encoding", () => {
  const answer = fc.record({
    aggregateVersion: anyUint64,
    firstPosition: anyUint64,
    lastPosition: anyUint64,
    recordedAt: fc.oneof(
      fc.constant(undefined),
      fc.record({
        seconds: fc.bigInt(-62_135_596_800n, 253_402_300_799n),
        nanos: fc.nat(999_999_999),
      }),
    ),
    deduplicated: fc.boolean(),
  });
  const response = answer.map(({ recordedAt, ...rest }) =>
    create(AppendResponseSchema, recordedAt ? { ...rest, recordedAt } : rest),
  );

  test("an answer has the bytes that the general encoder gives it", () => {
    fc.assert(
      fc.property(response, (message) => {
        expectBytes(appendByHand.encode(message), AppendResponseSchema, message);
      }),
      { numRuns: 500 },
    );
  });

  test("so has a pipelined one; one that failed is left to it", () => {
    fc.assert(
      fc.property(response, anyUint64, (value, correlationId) => {
        const message = create(AppendStreamResponseSchema, {
          correlationId,
          outcome: { case: "appended", value },
        });
        expectBytes(appendStreamByHand.encode(message), AppendStreamResponseSchema, message);
      }),
    );
    const failed = { outcome: { case: "failed", value: {} } } as const;
    expect(appendStreamByHand.encode(create(AppendStreamResponseSchema, failed))).toBeUndefined();
  });
});

function expectBytes<Desc extends DescMessage>(
  bytes: Uint8Array | undefined,
  schema: Desc,
  message: MessageShape<Desc>,
): void {
  expect(Buffer.from(bytes ?? []).toString("hex")).toBe(
    Buffer.from(toBinary(schema, message)).toString("hex"),
  );
}
