import { expect } from "vitest";
import {
  any,
  append,
  appendOk,
  exactly,
  logQuery,
  newEvent,
  newEvents,
  newStream,
  newTenant,
  noStream,
  someTime,
  streamExists,
  streamQuery,
} from "../../support/store-input.js";
import { describeTheme, type StoreContract } from "./theme.js";

export function describeIdempotency(contract: StoreContract): void {
  describeTheme(contract, "idempotency", ({ test }) => {
    test("a repeated append answers its first result at any expected version", async (store) => {
      const [tenantId, stream] = [newTenant(), newStream()];
      await appendOk(store, tenantId, newStream(), newEvents(1));
      const events = newEvents(3);
      const first = await append(store, { tenantId, stream, expected: noStream, events });
      await appendOk(store, tenantId, stream, newEvents(1), someTime + 1n);
      for (const expected of [noStream, streamExists, any, exactly(3n), exactly(77n)]) {
        const again = await append(store, { tenantId, stream, expected, events }, someTime + 9n);
        expect(again).toEqual({ ...first, deduplicated: true });
      }
      expect(first).toMatchObject({ version: 3n, firstPosition: 2n, lastPosition: 4n });
      expect((await store.getHead(tenantId)).position).toBe(5n);
    });

    test("a repeated append keeps the first payload", async (store) => {
      const [tenantId, stream, event] = [newTenant(), newStream(), newEvent()];
      await appendOk(store, tenantId, stream, [event]);
      const again = { ...event, data: new Uint8Array([9]), eventType: "Other" };
      expect((await appendOk(store, tenantId, stream, [again])).deduplicated).toBe(true);
      const found = await store.getEvent(tenantId, event.eventId);
      expect(found).toMatchObject({ eventType: "OrderPlaced", data: event.data });
    });

    test("an append repeated inside one batch is written once", async (store) => {
      const [tenantId, stream, events] = [newTenant(), newStream(), newEvents(2)];
      const intent = { tenantId, stream, expected: noStream, events };
      const [first, second] = await store.append([intent, intent], someTime);
      expect(first).toMatchObject({ ok: true, version: 2n, deduplicated: false });
      expect(second).toEqual({ ...first, deduplicated: true });
      expect((await store.readStream(streamQuery(tenantId, stream))).events).toHaveLength(2);
    });

    test("ids taken earlier in the batch are duplicates for another append", async (store) => {
      const [tenantId, events] = [newTenant(), newEvents(2)];
      const outcomes = await store.append(
        [
          { tenantId, stream: newStream(), expected: any, events },
          { tenantId, stream: newStream(), expected: any, events },
          { tenantId, stream: newStream(), expected: any, events: [newEvent(), events[1]!] },
        ],
        someTime,
      );
      expect(outcomes.map((outcome) => outcome.ok)).toEqual([true, false, false]);
      expect(outcomes[1]).toEqual({
        ok: false,
        failure: { reason: "duplicate_event_id", eventId: events[0]!.eventId },
      });
      expect(outcomes[2]).toEqual({
        ok: false,
        failure: { reason: "duplicate_event_id", eventId: events[1]!.eventId },
      });
    });

    test("ids of an append that failed earlier in the batch are free", async (store) => {
      const [tenantId, stream, events] = [newTenant(), newStream(), newEvents(2)];
      const outcomes = await store.append(
        [
          { tenantId, stream, expected: exactly(5n), events },
          { tenantId, stream, expected: noStream, events },
        ],
        someTime,
      );
      expect(outcomes).toMatchObject([{ ok: false }, { ok: true, deduplicated: false }]);
    });

    test("some known ids among new ones are refused, by the first known id", async (store) => {
      const [tenantId, stream, known] = [newTenant(), newStream(), newEvents(2)];
      await appendOk(store, tenantId, stream, known);
      const cases = [
        { events: [...known, newEvent()], eventId: known[0]!.eventId },
        { events: [newEvent(), known[1]!, known[0]!], eventId: known[1]!.eventId },
        { events: [known[1]!, newEvent()], eventId: known[1]!.eventId },
      ];
      for (const { events, eventId } of cases) {
        for (const expected of [any, exactly(2n), exactly(9n)]) {
          expect(await append(store, { tenantId, stream, expected, events })).toEqual({
            ok: false,
            failure: { reason: "duplicate_event_id", eventId },
          });
        }
      }
      expect((await store.getHead(tenantId)).position).toBe(2n);
    });

    test("the same ids in another stream are refused", async (store) => {
      const [tenantId, events] = [newTenant(), newEvents(2)];
      const stream = newStream();
      await appendOk(store, tenantId, stream, events);
      const others = [
        newStream(),
        { ...stream, aggregateType: "Other" },
        { ...stream, aggregateId: "other" },
      ];
      for (const other of others) {
        expect(await append(store, { tenantId, stream: other, expected: any, events })).toEqual({
          ok: false,
          failure: { reason: "duplicate_event_id", eventId: events[0]!.eventId },
        });
        expect(await store.getStream(tenantId, other)).toBe(undefined);
      }
    });

    test("the same ids in another order, or with a gap between them, are refused", async (store) => {
      const [tenantId, stream, events] = [newTenant(), newStream(), newEvents(3)];
      await appendOk(store, tenantId, stream, events);
      const [a, b, c] = events as [
        (typeof events)[number],
        (typeof events)[number],
        (typeof events)[number],
      ];
      for (const wrong of [
        [b, a, c],
        [c, b, a],
        [a, c],
      ]) {
        expect(await append(store, { tenantId, stream, expected: any, events: wrong })).toEqual({
          ok: false,
          failure: { reason: "duplicate_event_id", eventId: wrong[0]!.eventId },
        });
      }
    });

    test("ids spread over two streams are refused from either", async (store) => {
      const [tenantId, one, two] = [newTenant(), newStream(), newStream()];
      const [a, b] = [newEvent(), newEvent()];
      await appendOk(store, tenantId, one, [newEvent(), a]);
      await appendOk(store, tenantId, two, [newEvent(), newEvent(), b]);
      for (const stream of [one, two]) {
        const outcome = await append(store, { tenantId, stream, expected: any, events: [a, b] });
        expect(outcome).toMatchObject({ failure: { reason: "duplicate_event_id" } });
      }
    });

    test("the same ids in another tenant are new events", async (store) => {
      const [a, b, stream, events] = [newTenant(), newTenant(), newStream(), newEvents(2)];
      await appendOk(store, a, stream, events);
      const outcome = await append(store, { tenantId: b, stream, expected: noStream, events });
      expect(outcome).toMatchObject({
        ok: true,
        version: 2n,
        firstPosition: 1n,
        deduplicated: false,
      });
      const [inA, inB] = [await store.readLog(logQuery(a)), await store.readLog(logQuery(b))];
      expect(inA.events.map((event) => event.tenantId)).toEqual([a, a]);
      expect(inB.events.map((event) => event.tenantId)).toEqual([b, b]);
    });
  });
}
