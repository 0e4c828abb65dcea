import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ReadAllResponseSchema } from "@annals/proto/annals/v1/event_store";
import type { RecordedEvent } from "#server/domain/event.js";
import { encodeFrame, toEvents } from "#server/domain/event-frame.js";
import { parseTenantId } from "#server/domain/tenant.js";
import { encodePageAnswer } from "#server/transport/codec/encode-page.js";
import { toRecordedEvent } from "#server/transport/codec/recorded-event.js";
import { wholly } from "./support/store-input.js";

const text = fc.oneof(
  fc.string({ unit: "binary-ascii", maxLength: 200 }),
  fc.string({ unit: "binary", maxLength: 200 }).map((s) => s.toWellFormed()),
);
const place = fc.bigInt(1n, 2n ** 63n - 1n);
const instant = fc.bigInt(-62_135_596_800_000_000n, 253_402_300_799_999_999n);

const event: fc.Arbitrary<RecordedEvent> = fc.record({
  tenantId: fc.uuid().map((id) => parseTenantId(id, "tenant")),
  eventId: fc.uuid(),
  aggregateType: text,
  aggregateId: text,
  eventType: text,
  aggregateVersion: place,
  position: place,
  globalPosition: place,
  occurredAt: fc.oneof(instant, fc.constantFrom(0n, -1n, 1_000_000n)),
  recordedAt: instant,
  data: fc.uint8Array({ maxLength: 300 }),
  contentType: text,
  metadata: fc.dictionary(text, text, { maxKeys: 4 }),
  correlationId: text,
  causationId: text,
  tags: fc.array(text, { maxLength: 3 }),
});

test("a page encoded by hand has the bytes that the generated code would make", () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), text, (events, cursor) => {
      const globalPositions = events.map(({ globalPosition }) => globalPosition);
      const slow = (value: object): Uint8Array =>
        toBinary(
          ReadAllResponseSchema,
          create(ReadAllResponseSchema, {
            answer: { case: "page", value: { events: events.map(toRecordedEvent), ...value } },
          }),
        );
      expect(encodePageAnswer(events)).toEqual(slow({}));
      expect(encodePageAnswer(events, { globalPositions, cursor })).toEqual(
        slow({ globalPositions, cursor }),
      );
    }),
    { numRuns: 300 },
  );
});

test("frames that a store keeps become the events that they were made of, and the same page", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 8 }), text, (events, cursor) => {
      const globalPositions = events.map(({ globalPosition }) => globalPosition);
      const bytes = new Uint8Array(Buffer.concat(events.map(encodeFrame)));
      const kept = toEvents([{ bytes, globalPositions }]);
      expect(encodePageAnswer(kept, { globalPositions, cursor })).toEqual(
        encodePageAnswer(events, { globalPositions, cursor }),
      );
      expect(kept.map(wholly)).toEqual(events.map(wholly));
    }),
    { numRuns: 300 },
  );
});

test("what is no frame is refused, and does not become an event", () => {
  expect(() => toEvents([{ bytes: Uint8Array.of(1, 2, 3), globalPositions: [1n] }])).toThrow();
});
