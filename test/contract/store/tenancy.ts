import { expect } from "vitest";
import { noFilter } from "#server/domain/filter.js";
import {
  append,
  appendOk,
  exactly,
  idsOf,
  logQuery,
  newEvent,
  newEvents,
  newStream,
  newTenant,
  noStream,
  someTime,
  streamQuery,
} from "../../support/store-input.js";
import { describeTheme, type StoreContract } from "./theme.js";

export function describeTenancy(contract: StoreContract): void {
  describeTheme(contract, "tenancy", ({ test }) => {
    test("the same stream name in two tenants is two streams, in every method", async (store) => {
      const [a, b, stream] = [newTenant(), newTenant(), newStream()];
      const [inA, inB] = [newEvents(3), newEvents(1)];
      const first = await appendOk(store, a, stream, inA, someTime);
      const second = await append(
        store,
        { tenantId: b, stream, expected: noStream, events: inB },
        someTime + 1_000n,
      );
      expect(second).toMatchObject({ ok: true, version: 1n, firstPosition: 1n, lastPosition: 1n });

      expect(await store.getStream(a, stream)).toMatchObject({
        version: 3n,
        updatedAt: first.recordedAt,
      });
      expect(await store.getStream(b, stream)).toMatchObject({ version: 1n });
      for (const [tenantId, events] of [
        [a, inA],
        [b, inB],
      ] as const) {
        const page = await store.readStream(streamQuery(tenantId, stream));
        expect(idsOf(page.events)).toEqual(idsOf(events));
        const log = await store.readLog(logQuery(tenantId));
        expect(idsOf(log.events)).toEqual(idsOf(events));
        const filter = { ...noFilter, aggregateIds: [stream.aggregateId] };
        const filtered = await store.readLog(logQuery(tenantId, { filter }));
        expect(idsOf(filtered.events)).toEqual(idsOf(events));
        const byType = { ...noFilter, aggregateTypes: [stream.aggregateType] };
        const ofType = await store.readLog(logQuery(tenantId, { filter: byType }));
        expect(idsOf(ofType.events)).toEqual(idsOf(events));
        expect((await store.getHead(tenantId)).position).toBe(BigInt(events.length));
      }
      const at = { stream, expected: exactly(1n) };
      const inWrongVersion = await append(store, { ...at, tenantId: a, events: newEvents(1) });
      expect(inWrongVersion).toMatchObject({ failure: { actual: 3n } });
      const inRightVersion = await append(store, { ...at, tenantId: b, events: newEvents(1) });
      expect(inRightVersion).toMatchObject({ ok: true, version: 2n });
      expect((await store.getStream(a, stream))?.version).toBe(3n);
    });

    test("another tenant's events are not found", async (store) => {
      const [a, b, stream, event] = [newTenant(), newTenant(), newStream(), newEvent()];
      await appendOk(store, a, stream, [event]);
      expect(await store.getEvent(b, event.eventId)).toBe(undefined);
      expect(await store.getStream(b, stream)).toBe(undefined);
      expect((await store.readStream(streamQuery(b, stream))).events).toEqual([]);
      expect((await store.readLog(logQuery(b))).events).toEqual([]);
      expect(await store.getHead(b)).toEqual({ position: 0n, recordedAt: undefined });
    });

    test("the same event id in two tenants is two events", async (store) => {
      const [a, b, event] = [newTenant(), newTenant(), newEvent()];
      const [inA, inB] = [newStream("InA"), newStream("InB")];
      await appendOk(store, a, inA, [event]);
      await appendOk(store, b, inB, [newEvent(), event]);
      expect(await store.getEvent(a, event.eventId)).toMatchObject({ ...inA, position: 1n });
      expect(await store.getEvent(b, event.eventId)).toMatchObject({ ...inB, position: 2n });
    });

    test("a stream is foreign when some other tenant has it, whether or not this one does", async (store) => {
      const [a, b, c, stream] = [newTenant(), newTenant(), newTenant(), newStream()];
      expect(await store.isForeignStream(a, stream)).toBe(false);
      await appendOk(store, a, stream, newEvents(1));
      expect(await store.isForeignStream(a, stream)).toBe(false);
      expect(await store.isForeignStream(b, stream)).toBe(true);
      await appendOk(store, b, stream, newEvents(1));
      expect(await store.isForeignStream(a, stream)).toBe(true);
      expect(await store.isForeignStream(b, stream)).toBe(true);
      expect(await store.isForeignStream(c, stream)).toBe(true);
      expect(await store.isForeignStream(c, { ...stream, aggregateType: "Other" })).toBe(false);
      expect(await store.isForeignStream(c, { ...stream, aggregateId: "other" })).toBe(false);
    });

    test("an append that fails makes no stream that is foreign to others", async (store) => {
      const [a, b, stream] = [newTenant(), newTenant(), newStream()];
      const failed = { tenantId: a, stream, expected: exactly(4n), events: newEvents(1) };
      expect(await append(store, failed)).toMatchObject({ ok: false });
      expect(await store.isForeignStream(b, stream)).toBe(false);
    });

    test("text that means something to a database is only text", async (store) => {
      const [tenantId, other] = [newTenant(), newTenant()];
      const marker = newEvent();
      await appendOk(store, other, newStream(), [marker]);
      const texts = [
        "'; DROP TABLE events; --",
        "' OR '1'='1",
        '" OR 1=1 --',
        "%",
        "_",
        "\\",
        "$1",
        "?1",
        ":name",
        "{a,b}",
        '["a"]',
        "null",
        "0x00",
        "1e3",
        "007",
        "*/ SELECT 1 /*",
        "\u00a0\u2028",
        "😀",
      ];
      for (const text of texts) {
        const stream = { aggregateType: text, aggregateId: text };
        const event = newEvent({
          eventType: text,
          contentType: text,
          correlationId: text,
          causationId: text,
          metadata: { [text]: text },
          tags: [text],
        });
        await appendOk(store, tenantId, stream, [event]);
        const found = await store.getEvent(tenantId, event.eventId);
        expect(found).toMatchObject({ ...event, ...stream, occurredAt: found?.recordedAt });
        expect((await store.getStream(tenantId, stream))?.version).toBe(1n);
        expect(await store.isForeignStream(other, stream)).toBe(true);
        const one = await store.readStream(streamQuery(tenantId, stream));
        expect(idsOf(one.events)).toEqual([event.eventId]);
        for (const parts of [
          { aggregateTypes: [text] },
          { aggregateTypes: [text, "none"] },
          { aggregateIds: [text] },
          { eventTypes: [text] },
          { eventTypePrefixes: [text] },
          { tags: [text] },
        ]) {
          const filter = { ...noFilter, ...parts };
          const page = await store.readLog(logQuery(tenantId, { filter }));
          expect(idsOf(page.events), `${Object.keys(parts).join()} ${text}`).toEqual([
            event.eventId,
          ]);
        }
        expect(await store.getEvent(tenantId, text)).toBe(undefined);
      }
      expect((await store.getHead(tenantId)).position).toBe(BigInt(texts.length));
      expect(idsOf((await store.readLog(logQuery(other))).events)).toEqual([marker.eventId]);
    });
  });
}
