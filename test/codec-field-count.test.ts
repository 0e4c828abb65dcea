import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppendRequestSchema } from "@annals/proto/annals/v1/event_store";
import { limits } from "#server/domain/limits.js";
import { appendByHand } from "#server/transport/codec/append-by-hand.js";
import { createFieldCount } from "#server/transport/codec/field-count.js";
import { createRequestDecoder } from "#server/transport/codec/request.js";
import { checkedEnvelopes } from "#server/transport/http/checked-envelopes.js";
import { countJsonValues } from "#server/transport/http/json.js";
import { any, newEvent } from "./support/client.js";

const decode = createRequestDecoder(AppendRequestSchema, appendByHand);
const count = createFieldCount(AppendRequestSchema);

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

  test("bytes that are no message are left to the decoder", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(count(bytes, 1_000)).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});

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
