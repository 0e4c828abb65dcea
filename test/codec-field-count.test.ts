import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppendRequestSchema, EventStore } from "@annals/proto/annals/v1/event_store";
import { Projections } from "@annals/proto/annals/v1/projections";
import { ServerInfo } from "@annals/proto/annals/v1/server_info";
import { Snapshots } from "@annals/proto/annals/v1/snapshots";
import { Tenants } from "@annals/proto/annals/v1/tenants";
import { limits } from "#server/domain/limits.js";
import { appendByHand } from "#server/transport/codec/append-by-hand.js";
import { createFieldCount } from "#server/transport/codec/field-count.js";
import { createRequestDecoder } from "#server/transport/codec/request.js";
import { checkedEnvelopes } from "#server/transport/http/checked-envelopes.js";
import { countJsonValues } from "#server/transport/http/json.js";
import { arbitraryBytes, arbitraryMessage } from "./fuzz/message.js";
import { any, newEvent } from "./support/client.js";

const decode = createRequestDecoder(AppendRequestSchema, appendByHand);

/** A field of two bytes, again and again. */
const filledWith = (first: number, second: number): Buffer =>
  Buffer.alloc(5_000_000, Buffer.from([first, second]));

/** Behind a tag and its length. */
const inside = (tag: number, bytes: Buffer): Buffer => {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) return Buffer.concat([Buffer.from([tag, ...length]), bytes]);
  }
};

describe("a request of too many fields is refused before it is decoded", () => {
  test.each([
    ["events", filledWith(0x1a, 0)],
    ["unknown fields", filledWith(0x78, 1)],
    ["tags of an event", inside(0x1a, filledWith(0x4a, 0))],
    ["metadata of an event", inside(0x1a, filledWith(0x32, 0))],
    ["unknown fields of an event", inside(0x1a, filledWith(0x78, 1))],
  ])("%s", (_, bytes) => {
    expect(() => decode(bytes)).toThrow("limit message_fields is 250000");
  });

  test("and the largest append has fewer", () => {
    const metadata = Object.fromEntries(
      Array.from({ length: limits.metadataKeys }, (_, i) => [`key-${i}`, "value"]),
    );
    const tags = Array.from({ length: limits.tags }, (_, i) => `tag-${i}`);
    const all = { metadata, tags, correlationId: "c", causationId: "d" };
    const events = Array.from({ length: limits.appendEvents }, () => newEvent(all));
    const stream = { aggregateType: "Order", aggregateId: "1" };
    const request = create(AppendRequestSchema, { stream, expectedVersion: any, events });
    expect(decode(toBinary(AppendRequestSchema, request)).events).toHaveLength(1_000);
  });

  test.each([
    ["a field of another wire type", [0x0b, 0]],
    ["a field that goes past the end of its message", [0x0a, 1, 0x0a, 0]],
    ["a message in an event that does", [0x1a, 3, 0x1a, 1, 0x08]],
    ["a group without an end", [0x7b]],
  ])("nothing hides them: %s", (_, start) => {
    const bytes = Buffer.concat([Buffer.from(start), filledWith(0x1a, 0)]);
    expect(() => decode(bytes)).toThrow("is not a annals.v1.AppendRequest");
  });

  test("the keys of a metadata entry among them", () => {
    const entry = inside(0x32, filledWith(0x0a, 0));
    expect(() => decode(inside(0x1a, entry))).toThrow("limit message_fields is 250000");
  });
});

describe.each(
  [EventStore, Projections, ServerInfo, Snapshots, Tenants]
    .flatMap(({ methods }) => methods)
    .map(({ input }) => [input.typeName, input] as const),
)("the fields of %s", (_, schema) => {
  const count = createFieldCount(schema);

  test("are counted as they stand in any message, unknown ones among them", () => {
    fc.assert(
      fc.property(
        arbitraryMessage(schema),
        fc.infiniteStream(unknownFields),
        (message, unknown) => {
          addUnknown(reflect(schema, message), unknown);
          expect(count(toBinary(schema, message), 10_000)).toBe(fieldsOf(schema, message, 3));
        },
      ),
    );
  });

  test("are never fewer than the decoder finds, whatever the bytes", () => {
    fc.assert(
      fc.property(arbitraryBytes(schema), (bytes) => {
        const found = orUndefined(() => fieldsOf(schema, fromBinary(schema, bytes), 1));
        const counted = orUndefined(() => count(bytes, 10_000));
        if (found !== undefined && counted !== undefined) {
          expect(counted).toBeGreaterThanOrEqual(found);
        }
      }),
    );
  });
});

/** Of every wire type, none of whose numbers a schema has. */
const unknownFields = fc.array(
  fc
    .record({
      no: fc.integer({ min: 1_000, max: 2 ** 29 - 1 }),
      wireType: fc.constantFrom(
        WireType.Varint,
        WireType.Bit64,
        WireType.LengthDelimited,
        WireType.StartGroup,
        WireType.Bit32,
      ),
      value: fc.nat(300),
    })
    .map(({ no, wireType, value }) => ({ no, wireType, data: dataOf(no, wireType, value) })),
  { maxLength: 3 },
);

function dataOf(no: number, wireType: WireType, value: number): Uint8Array {
  const writer = new BinaryWriter();
  switch (wireType) {
    case WireType.Varint:
      return writer.uint32(value).finish();
    case WireType.Bit64:
      return writer.fixed64(value).finish();
    case WireType.LengthDelimited:
      return writer.bytes(new Uint8Array(value)).finish();
    case WireType.StartGroup:
      return writer.tag(1, WireType.Varint).uint32(value).tag(no, WireType.EndGroup).finish();
    case WireType.Bit32:
      return writer.fixed32(value).finish();
    default:
      throw new Error(`a field does not begin with wire type ${wireType}`);
  }
}

/** The messages that stand in a field, those of a map aside. */
function messagesIn(message: ReflectMessage, field: DescField): readonly ReflectMessage[] {
  if (field.fieldKind === "message") return message.isSet(field) ? [message.get(field)] : [];
  const isList = field.fieldKind === "list" && field.listKind === "message";
  return isList ? [...(message.get(field) as Iterable<ReflectMessage>)] : [];
}

function addUnknown(message: ReflectMessage, unknown: fc.Stream<UnknownFields>): void {
  message.setUnknown(unknown.next().value as UnknownFields);
  for (const field of message.fields) {
    for (const inner of messagesIn(message, field)) addUnknown(inner, unknown);
  }
}

type UnknownFields = NonNullable<Message["$unknown"]>;

/**
 * What a message has: of a singular field one, of a list its length, of a map its entries.
 *
 * @param entryFields of an entry: itself, and as it is written its key and its value
 */
function fieldsOf(schema: DescMessage, message: Message, entryFields: 1 | 3): number {
  const fieldsIn = (reflected: ReflectMessage): number => {
    let fields = reflected.getUnknown()?.length ?? 0;
    for (const field of reflected.fields) {
      if (field.fieldKind === "map") fields += entryFields * reflected.get(field).size;
      else if (field.fieldKind === "list") fields += reflected.get(field).size;
      else if (reflected.isSet(field)) fields++;
      for (const inner of messagesIn(reflected, field)) fields += fieldsIn(inner);
    }
    return fields;
  };
  return fieldsIn(reflect(schema, message));
}

function orUndefined<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}

test("values of JSON are counted outside of strings", () => {
  expect(countJsonValues(Buffer.from('{"a": ",[{\\",[", "b": [1, {}]}'), 100)).toBe(5);
  expect(countJsonValues(Buffer.alloc(1_000, "[]"), 10)).toBe(11);
});

test("envelopes come through as they were, and every large message is checked", async () => {
  const large = 2 * limits.messageFields + 1;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ flags: fc.constantFrom(0, 1), length: fc.constantFrom(0, 1, 300, large) }),
        { maxLength: 4 },
      ),
      fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 8 }),
      fc.nat(4),
      async (messages, sizes, missing) => {
        const envelopes = messages.map(({ flags, length }) => {
          const head = Buffer.from([flags, 0, 0, 0, 0]);
          head.writeUInt32BE(length, 1);
          return Buffer.concat([head, Buffer.alloc(length, flags)]);
        });
        const all = Buffer.concat(envelopes);
        const sent = all.subarray(0, Math.max(0, all.length - missing));
        const checked: number[] = [];
        const body = checkedEnvelopes(inChunks(sent, sizes), limits.messageBytes, (message) => {
          checked.push(message.byteLength);
        });
        const came: Uint8Array[] = [];
        for await (const chunk of body) came.push(chunk);
        expect(Buffer.concat(came).equals(sent)).toBe(true);
        const isLast = (i: number) => i === messages.length - 1;
        const whole = messages.filter((_, i) => !isLast(i) || missing === 0);
        expect(checked).toEqual(
          whole.filter(({ flags, length }) => flags === 0 && length === large).map(() => large),
        );
      },
    ),
    { numRuns: 50 },
  );
});

async function* inChunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield await Promise.resolve(bytes.subarray(at, at + size));
    at += size;
  }
}
