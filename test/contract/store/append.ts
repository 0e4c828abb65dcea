import { expect } from "vitest";
import { maxInstant, minInstant } from "#server/domain/instant.js";
import {
  any,
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
  oneTo,
  someTime,
  streamExists,
  streamQuery,
  wholeLogQuery,
  wholly,
} from "../../support/store-input.js";
import { describeTheme, type StoreContract } from "./theme.js";

export function describeAppend(contract: StoreContract): void {
  describeTheme(contract, "append", ({ test, testAlone }) => {
    test("no_stream succeeds on a fresh stream and conflicts on an existing one", async (store) => {
      const intent = { tenantId: newTenant(), stream: newStream(), expected: noStream };
      const first = await append(store, { ...intent, events: newEvents(2) });
      expect(first).toEqual({
        ok: true,
        version: 2n,
        firstPosition: 1n,
        lastPosition: 2n,
        recordedAt: someTime,
        deduplicated: false,
      });
      expect(await append(store, { ...intent, events: newEvents(1) })).toEqual({
        ok: false,
        failure: { reason: "version_conflict", expected: noStream, actual: 2n },
      });
    });

    test("any succeeds on a fresh stream and on an existing one", async (store) => {
      const intent = { tenantId: newTenant(), stream: newStream(), expected: any };
      expect(await append(store, { ...intent, events: newEvents(1) })).toMatchObject({
        version: 1n,
      });
      expect(await append(store, { ...intent, events: newEvents(1) })).toMatchObject({
        version: 2n,
      });
    });

    test("stream_exists conflicts on an absent stream and succeeds on an existing one", async (store) => {
      const intent = { tenantId: newTenant(), stream: newStream(), expected: streamExists };
      expect(await append(store, { ...intent, events: newEvents(1) })).toEqual({
        ok: false,
        failure: { reason: "version_conflict", expected: streamExists, actual: 0n },
      });
      await appendOk(store, intent.tenantId, intent.stream, newEvents(1));
      expect(await append(store, { ...intent, events: newEvents(1) })).toMatchObject({
        ok: true,
        version: 2n,
      });
    });

    test("exactly(n) succeeds at n and names the actual version elsewhere", async (store) => {
      const [tenantId, stream] = [newTenant(), newStream()];
      const at = (version: bigint) =>
        append(store, { tenantId, stream, expected: exactly(version), events: newEvents(3) });
      const conflict = (version: bigint, actual: bigint) => ({
        ok: false,
        failure: { reason: "version_conflict", expected: exactly(version), actual },
      });
      expect(await at(1n)).toEqual(conflict(1n, 0n));
      await appendOk(store, tenantId, stream, newEvents(3));
      expect(await at(2n)).toEqual(conflict(2n, 3n));
      expect(await at(4n)).toEqual(conflict(4n, 3n));
      expect(await at(3n)).toMatchObject({ ok: true, version: 6n });
    });

    test("a batch answers in order, and later appends see what earlier ones did", async (store) => {
      const [tenantId, stream, other] = [newTenant(), newStream(), newStream()];
      const outcomes = await store.append(
        [
          { tenantId, stream, expected: noStream, events: newEvents(2) },
          { tenantId, stream, expected: noStream, events: newEvents(1) },
          { tenantId, stream, expected: exactly(2n), events: newEvents(1) },
          { tenantId, stream: other, expected: streamExists, events: newEvents(1) },
          { tenantId, stream: other, expected: noStream, events: newEvents(1) },
          { tenantId, stream, expected: exactly(2n), events: newEvents(1) },
        ],
        someTime,
      );
      expect(outcomes).toMatchObject([
        { ok: true, version: 2n, firstPosition: 1n, lastPosition: 2n },
        { ok: false, failure: { reason: "version_conflict", actual: 2n } },
        { ok: true, version: 3n, firstPosition: 3n, lastPosition: 3n },
        { ok: false, failure: { reason: "version_conflict", actual: 0n } },
        { ok: true, version: 1n, firstPosition: 4n, lastPosition: 4n },
        { ok: false, failure: { reason: "version_conflict", actual: 3n } },
      ]);
    });

    test("an empty batch answers nothing", async (store) => {
      expect(await store.append([], someTime)).toEqual([]);
    });

    testAlone("a loser leaves no trace and no gap", async (store) => {
      const [tenantId, stream, absent] = [newTenant(), newStream(), newStream()];
      const taken = newEvent();
      const lost = newEvents(4);
      const won = newEvents(2);
      await store.append(
        [
          { tenantId, stream, expected: any, events: [taken] },
          { tenantId, stream, expected: exactly(9n), events: [lost[0]!, lost[1]!] },
          { tenantId, stream: absent, expected: streamExists, events: [lost[2]!] },
          { tenantId, stream, expected: any, events: [lost[3]!, taken] },
          { tenantId, stream, expected: any, events: [won[0]!] },
        ],
        someTime,
      );
      await appendOk(store, tenantId, stream, [won[1]!]);
      const { events } = await store.readWholeLog(wholeLogQuery());
      expect(idsOf(events)).toEqual(idsOf([taken, ...won]));
      expect(events.map((event) => event.globalPosition)).toEqual(oneTo(3));
      expect(events.map((event) => event.position)).toEqual(oneTo(3));
      expect(events.map((event) => event.aggregateVersion)).toEqual(oneTo(3));
      for (const { eventId } of lost)
        expect(await store.getEvent(tenantId, eventId)).toBe(undefined);
      expect(await store.getStream(tenantId, absent)).toBe(undefined);
      // An id that lost is free.
      await appendOk(store, tenantId, stream, lost);
      expect((await store.getHead(tenantId)).position).toBe(7n);
    });

    testAlone("positions run 1..n in each tenant's log and over the whole log", async (store) => {
      const tenants = [newTenant(), newTenant(), newTenant()];
      for (let i = 0; i < 12; i++) {
        await appendOk(store, tenants[i % 3]!, newStream(), newEvents(1 + (i % 2)));
      }
      const whole = await store.readWholeLog(wholeLogQuery());
      expect(whole.events.map((event) => event.globalPosition)).toEqual(oneTo(18));
      for (const tenantId of tenants) {
        const { events } = await store.readLog(logQuery(tenantId));
        expect(events.map((event) => event.position)).toEqual(oneTo(6));
        expect(idsOf(whole.events.filter((event) => event.tenantId === tenantId))).toEqual(
          idsOf(events),
        );
      }
    });

    testAlone("recordedAt never decreases, also when the clock goes back", async (store) => {
      const [a, b, stream] = [newTenant(), newTenant(), newStream()];
      const at = async (tenantId: typeof a, now: bigint) =>
        (await appendOk(store, tenantId, stream, newEvents(1), now)).recordedAt;
      expect(await at(a, someTime)).toBe(someTime);
      expect(await at(a, someTime - 5n)).toBe(someTime);
      expect(await at(b, someTime - 1_000_000n)).toBe(someTime);
      expect(await at(b, someTime + 1n)).toBe(someTime + 1n);
      expect(await at(a, someTime)).toBe(someTime + 1n);
      const { events } = await store.readWholeLog(wholeLogQuery());
      const times = [someTime, someTime, someTime, someTime + 1n, someTime + 1n];
      expect(events.map((event) => event.recordedAt)).toEqual(times);
    });

    test("a read gives back every field", async (store) => {
      const tenantId = newTenant();
      const stream = { aggregateType: "Bestellung 😀", aggregateId: "o/1 ä" };
      const event = newEvent({
        eventType: "Plaziert 𝔘",
        occurredAt: 981_173_106_789_123n,
        data: Uint8Array.from({ length: 256 }, (_, i) => i),
        contentType: "application/x-test",
        metadata: { user: "ünï 😀", empty: "", "a\"b\\c'": "line\nbreak", __proto__x: "1" },
        correlationId: "flow-é",
        causationId: "command-1",
        tags: ["b", "a", "b", "", "😀"],
      });
      await appendOk(store, tenantId, stream, [event]);
      const found = await store.getEvent(tenantId, event.eventId);
      expect(found).toEqual({
        ...event,
        ...stream,
        tenantId,
        aggregateVersion: 1n,
        position: 1n,
        globalPosition: found?.globalPosition,
        recordedAt: someTime,
      });
      expect(found?.data).toBeInstanceOf(Uint8Array);
      const { events } = await store.readStream(streamQuery(tenantId, stream));
      expect(events.map(wholly)).toEqual([found]);
      expect((await store.readLog(logQuery(tenantId))).events.map(wholly)).toEqual([found]);
    });

    test("empty data, metadata, tags and ids come back empty", async (store) => {
      const [tenantId, stream] = [newTenant(), newStream()];
      const event = newEvent({ data: new Uint8Array(0), contentType: "" });
      await appendOk(store, tenantId, stream, [event]);
      const found = (await store.getEvent(tenantId, event.eventId))!;
      expect(found).toMatchObject({ contentType: "", correlationId: "", causationId: "" });
      expect(found.metadata).toEqual({});
      expect(found.tags).toEqual([]);
      expect(found.data).toBeInstanceOf(Uint8Array);
      expect(found.data.byteLength).toBe(0);
    });

    test("large data comes back byte for byte, also from a view into a larger buffer", async (store) => {
      const [tenantId, stream] = [newTenant(), newStream()];
      const buffer = Uint8Array.from({ length: 1_048_576 }, (_, i) => (i * 31 + (i >> 8)) % 256);
      const events = [
        newEvent({ data: buffer }),
        newEvent({ data: buffer.subarray(1_000, 1_003) }),
      ];
      await appendOk(store, tenantId, stream, events);
      const page = await store.readStream(streamQuery(tenantId, stream));
      expect(page.events.map(({ data }) => Buffer.compare(data, buffer))).toEqual([
        0,
        Buffer.compare(buffer.subarray(1_000, 1_003), buffer),
      ]);
      expect([...page.events[1]!.data]).toEqual([...buffer.subarray(1_000, 1_003)]);
    });

    test("what the caller does to its event afterwards changes nothing", async (store) => {
      const [tenantId, stream] = [newTenant(), newStream()];
      const data = new Uint8Array([1, 2, 3]);
      const metadata: Record<string, string> = { user: "u" };
      const tags = ["t"];
      const event = newEvent({ data, metadata, tags });
      await appendOk(store, tenantId, stream, [event]);
      data.fill(9);
      metadata["user"] = "changed";
      tags.push("more");
      const found = (await store.getEvent(tenantId, event.eventId))!;
      expect([...found.data]).toEqual([1, 2, 3]);
      expect(found.metadata).toEqual({ user: "u" });
      expect(found.tags).toEqual(["t"]);
    });

    test("occurredAt keeps the microsecond from year 1 to year 9999", async (store) => {
      const [tenantId, stream] = [newTenant(), newStream()];
      const times = [minInstant, minInstant + 1n, -1n, 0n, 1n, maxInstant - 1n, maxInstant];
      const events = times.map((occurredAt) => newEvent({ occurredAt }));
      await appendOk(store, tenantId, stream, events);
      const page = await store.readStream(streamQuery(tenantId, stream));
      expect(page.events.map((event) => event.occurredAt)).toEqual(times);
    });

    testAlone(
      "occurredAt left out is the time of recording, not the writer's clock",
      async (store) => {
        const [tenantId, stream] = [newTenant(), newStream()];
        await appendOk(store, tenantId, stream, newEvents(1), someTime);
        await appendOk(store, tenantId, stream, newEvents(1), someTime - 7n);
        const page = await store.readStream(streamQuery(tenantId, stream));
        expect(page.events.map((event) => event.occurredAt)).toEqual([someTime, someTime]);
      },
    );

    test("an append is readable by every method once it is answered", async (store) => {
      const [tenantId, stream] = [newTenant(), newStream()];
      for (let i = 1; i <= 20; i++) {
        const [event] = newEvents(1) as [ReturnType<typeof newEvent>];
        await appendOk(store, tenantId, stream, [event], someTime + BigInt(i));
        const [head, info, byId, page] = await Promise.all([
          store.getHead(tenantId),
          store.getStream(tenantId, stream),
          store.getEvent(tenantId, event.eventId),
          // Ends before the last row, and must not hold the next read back.
          store.readLog(logQuery(tenantId, { maxEvents: 1 })),
        ]);
        expect(head.position).toBe(BigInt(i));
        expect(info?.version).toBe(BigInt(i));
        expect(byId?.position).toBe(BigInt(i));
        expect(page.events).toHaveLength(1);
      }
    });

    test("getStream answers version and the times of the first and the last event", async (store) => {
      const [tenantId, stream] = [newTenant(), newStream()];
      expect(await store.getStream(tenantId, stream)).toBe(undefined);
      const first = await appendOk(store, tenantId, stream, newEvents(2), someTime + 10n);
      const last = await appendOk(store, tenantId, stream, newEvents(1), someTime + 20_000_000n);
      expect(await store.getStream(tenantId, stream)).toEqual({
        version: 3n,
        createdAt: first.recordedAt,
        updatedAt: last.recordedAt,
      });
      expect(last.recordedAt).toBeGreaterThan(first.recordedAt);
    });

    test("names that differ only where they are joined are different streams", async (store) => {
      const tenantId = newTenant();
      const streams = [
        { aggregateType: "a", aggregateId: "bc" },
        { aggregateType: "ab", aggregateId: "c" },
        { aggregateType: "A", aggregateId: "bc" },
        { aggregateType: "a", aggregateId: "bc " },
        { aggregateType: "a-b", aggregateId: "c" },
        { aggregateType: "a", aggregateId: "b-c" },
      ];
      for (const stream of streams) {
        const outcome = await append(store, {
          tenantId,
          stream,
          expected: noStream,
          events: newEvents(1),
        });
        expect(outcome).toMatchObject({ ok: true, version: 1n });
      }
    });

    test("answers check and, once closed, closes again", async (store) => {
      await store.check();
      const other = await contract.open();
      await other.close();
      await other.close();
    });
  });
}
