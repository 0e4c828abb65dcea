import { expect } from "vitest";
import { sizeOfEvents } from "#server/domain/event.js";
import { sizeOfPage } from "#server/domain/event-frame.js";
import { noFilter } from "#server/domain/filter.js";
import type { TenantId } from "#server/domain/tenant.js";
import type { LogQuery, Store } from "#server/store/store.js";
import {
  appendOk,
  highestPlace,
  idsOf,
  logQuery,
  newEvent,
  newEvents,
  newStream,
  newTenant,
  oneTo,
  readLogToEnd,
  readWholeLogToEnd,
  someTime,
  wholeLogQuery,
} from "../../support/store-input.js";
import { describeTheme, type StoreContract } from "./theme.js";

export function describeLog(contract: StoreContract): void {
  describeTheme(contract, "log", ({ test, testAlone }) => {
    test("from is exclusive and to inclusive, in both directions", async (store) => {
      const tenantId = await tenantWith(store, 6);
      const read = async (direction: "forwards" | "backwards", from: bigint, to: bigint) => {
        const page = await store.readLog(logQuery(tenantId, { direction, from, to }));
        expect(page.atEnd).toBe(true);
        return page.events.map((event) => event.position);
      };
      expect(await read("forwards", 0n, highestPlace)).toEqual(oneTo(6));
      expect(await read("forwards", 2n, 4n)).toEqual([3n, 4n]);
      expect(await read("forwards", 5n, 6n)).toEqual([6n]);
      expect(await read("backwards", highestPlace, 0n)).toEqual(oneTo(6).reverse());
      expect(await read("backwards", 7n, 1n)).toEqual(oneTo(6).reverse());
      expect(await read("backwards", 4n, 2n)).toEqual([3n, 2n]);
      expect(await read("backwards", 2n, 0n)).toEqual([1n]);
    });

    test("beyond the head, and in an empty range, there is nothing and it is the end", async (store) => {
      const tenantId = await tenantWith(store, 3);
      const ranges = [
        ["forwards", 3n, highestPlace],
        ["forwards", 50n, highestPlace],
        ["forwards", highestPlace, highestPlace],
        ["forwards", highestPlace - 1n, highestPlace],
        ["forwards", highestPlace - 1_000n, highestPlace],
        ["forwards", 2n, 2n],
        ["forwards", 2n, 1n],
        ["backwards", 1n, 0n],
        ["backwards", 0n, 0n],
        ["backwards", 2n, 2n],
        ["backwards", 2n, 3n],
        ["backwards", highestPlace, 4n],
      ] as const;
      for (const [direction, from, to] of ranges) {
        const page = await store.readLog(logQuery(tenantId, { direction, from, to }));
        expect(page, `${direction} ${String(from)} ${String(to)}`).toMatchObject({
          events: [],
          atEnd: true,
        });
      }
      const empty = newTenant();
      for (const direction of ["forwards", "backwards"] as const) {
        const page = await store.readLog(logQuery(empty, { direction }));
        expect(page).toMatchObject({ events: [], atEnd: true });
      }
    });

    test("reading on from scannedTo finds what is appended later, and nothing twice", async (store) => {
      const tenantId = await tenantWith(store, 3);
      const seen: bigint[] = [];
      let from = 0n;
      for (let i = 0; i < 4; i++) {
        const page = await store.readLog(logQuery(tenantId, { from }));
        expect(page.atEnd).toBe(true);
        seen.push(...page.events.map((event) => event.position));
        from = page.scannedTo;
        expect(from).toBe(BigInt(3 + 2 * i));
        await appendOk(store, tenantId, newStream(), newEvents(2));
      }
      expect(seen).toEqual(oneTo(9));
      // Before the head, scannedTo does not run ahead of what there is, whatever the range says.
      const none = await store.readLog(logQuery(tenantId, { from: 11n, to: 99n }));
      expect(none.scannedTo).toBe(11n);
    });

    test("a filter that picks nothing moves scannedTo all the same", async (store) => {
      const tenantId = await tenantWith(store, 3);
      const filter = { ...noFilter, eventTypes: ["Nothing"] };
      const page = await store.readLog(logQuery(tenantId, { filter }));
      expect(page).toEqual({ events: [], scannedTo: 3n, atEnd: true });
      const later = { ...noFilter, recordedFrom: someTime + 1_000_000_000_000_000n };
      expect(await store.readLog(logQuery(tenantId, { filter: later }))).toEqual({
        events: [],
        scannedTo: 3n,
        atEnd: true,
      });
      const earlier = { ...noFilter, recordedBefore: 0n };
      expect(await store.readLog(logQuery(tenantId, { filter: earlier }))).toEqual({
        events: [],
        scannedTo: 3n,
        atEnd: true,
      });
    });

    test("a page ends with maxEvents, and scannedTo is where it ended", async (store) => {
      const tenantId = await tenantWith(store, 5);
      const page = async (parts: Parameters<typeof logQuery>[1]) => {
        const { events, ...rest } = await store.readLog(logQuery(tenantId, parts));
        return { positions: events.map((event) => event.position), ...rest };
      };
      const direction = "backwards";
      expect(await page({ maxEvents: 2 })).toEqual({
        positions: [1n, 2n],
        scannedTo: 2n,
        atEnd: false,
      });
      expect(await page({ maxEvents: 2, from: 3n })).toEqual({
        positions: [4n, 5n],
        scannedTo: 5n,
        atEnd: true,
      });
      expect(await page({ maxEvents: 2, to: 2n })).toMatchObject({ scannedTo: 2n, atEnd: true });
      expect(await page({ maxEvents: 2, direction })).toEqual({
        positions: [5n, 4n],
        scannedTo: 4n,
        atEnd: false,
      });
      expect(await page({ maxEvents: 2, direction, from: 3n })).toEqual({
        positions: [2n, 1n],
        scannedTo: 1n,
        atEnd: true,
      });
    });

    test("a page ends with the event that reaches maxBytes, and holds at least one", async (store) => {
      const tenantId = newTenant();
      const data = new Uint8Array(10_000);
      await appendOk(store, tenantId, newStream(), newEvents(4, { data }));
      for (const direction of ["forwards", "backwards"] as const) {
        const count = async (maxBytes: number) => {
          const page = await store.readLog(logQuery(tenantId, { direction, maxBytes }));
          return [page.events.length, page.atEnd];
        };
        expect(await count(1)).toEqual([1, false]);
        expect(await count(10_000)).toEqual([1, false]);
        expect(await count(15_000)).toEqual([2, false]);
        expect(await count(35_000)).toEqual([4, true]);
      }
    });

    const ofAllSizes: Record<string, Partial<LogQuery>> = {
      forwards: {},
      backwards: { direction: "backwards" },
      "by their type": { filter: { ...noFilter, eventTypes: ["OrderPlaced"] } },
    };
    for (const [how, parts] of Object.entries(ofAllSizes)) {
      test(`events of all sizes come once, ${how}, in pages that no event but the last overfills`, async (store) => {
        const tenantId = newTenant();
        const sizes = new Array<number>(700).fill(20).fill(3_000, 500, 600);
        sizes[300] = sizes[420] = 90_000;
        const events = sizes.flatMap((size) => newEvents(1, { data: new Uint8Array(size) }));
        await appendOk(store, tenantId, newStream(), events);
        const ids = idsOf(parts.direction === "backwards" ? events.toReversed() : events);
        for (const maxBytes of [50_000, 200_000, 1_000_000]) {
          for (const maxEvents of [90, 128, 1_000]) {
            const read: string[] = [];
            let query = logQuery(tenantId, { ...parts, maxEvents, maxBytes });
            for (let atEnd = false; !atEnd;) {
              const page = await store.readLog(query);
              expect(page.events.length).toBeLessThanOrEqual(maxEvents);
              expect(sizeOfEvents(page.events.slice(0, -1))).toBeLessThan(maxBytes);
              // Nor does it end before it has to.
              const isFull = page.events.length === maxEvents || page.atEnd;
              expect(isFull || sizeOfPage(page.events) >= maxBytes).toBe(true);
              expect(page.scannedTo).toBe(page.events.at(-1)?.position ?? query.to);
              read.push(...idsOf(page.events));
              query = { ...query, from: page.scannedTo };
              ({ atEnd } = page);
            }
            expect(read).toEqual(ids);
          }
        }
      });
    }

    test("the head is the last event's position and time; an empty log has none", async (store) => {
      const tenantId = newTenant();
      expect(await store.getHead(tenantId)).toEqual({ position: 0n, recordedAt: undefined });
      const appended = await appendOk(store, tenantId, newStream(), newEvents(3));
      await appendOk(store, newTenant(), newStream(), newEvents(2), someTime + 1_000n);
      expect(await store.getHead(tenantId)).toEqual({
        position: 3n,
        recordedAt: appended.recordedAt,
      });
      const { events } = await store.readLog(logQuery(tenantId));
      expect(events.at(-1)).toMatchObject({ position: 3n, recordedAt: appended.recordedAt });
    });

    testAlone(
      "a rare event is found in a long log, in pages that bound the work",
      async (store) => {
        const tenantId = newTenant();
        const stream = newStream("Common");
        const rare = newStream("Rare");
        const first = newEvent({ eventType: "Rare", tags: ["rare"] });
        const last = newEvent({ eventType: "Rare", tags: ["rare"] });
        await appendOk(store, tenantId, rare, [first], someTime);
        for (let i = 1; i <= 25; i++) {
          await appendOk(store, tenantId, stream, newEvents(1_000), someTime + BigInt(i));
        }
        await appendOk(store, tenantId, rare, [last], someTime + 26n);
        const head = 25_002n;
        expect((await store.getHead(tenantId)).position).toBe(head);

        const filters = [
          { eventTypes: ["Rare"] },
          { eventTypePrefixes: ["Ra"] },
          { tags: ["rare"] },
          { aggregateIds: [rare.aggregateId] },
          { aggregateTypes: ["Rare"] },
          { aggregateTypes: ["Rare", "Other"] },
        ];
        for (const parts of filters) {
          const filter = { ...noFilter, ...parts };
          const [onlyLast, both] = [[last.eventId], [first.eventId, last.eventId]];
          const ids = async (query: Parameters<typeof logQuery>[1]) =>
            (await readLogToEnd(store, logQuery(tenantId, { filter, ...query }))).map(
              ({ eventId }) => eventId,
            );
          expect(await ids({ from: 1n })).toEqual(onlyLast);
          expect(await ids({})).toEqual(both);
          expect(await ids({ maxEvents: 1 })).toEqual(both);
          expect(await ids({ to: head - 1n })).toEqual([first.eventId]);
          expect(await ids({ direction: "backwards" })).toEqual(both.toReversed());
          expect(await ids({ direction: "backwards", to: 2n })).toEqual(onlyLast);
          const whole = await readWholeLogToEnd(store, wholeLogQuery({ filter }));
          expect(whole.map(({ eventId }) => eventId)).toEqual(both);
          const wholeBack = wholeLogQuery({ filter, direction: "backwards" });
          expect((await readWholeLogToEnd(store, wholeBack)).map(({ eventId }) => eventId)).toEqual(
            both.toReversed(),
          );
        }

        // One common type, and something that none of its events has: bounded all the same.
        const wanting = { ...noFilter, aggregateTypes: ["Common"], tags: ["rare"] };
        for (const direction of ["forwards", "backwards"] as const) {
          const query = logQuery(tenantId, { filter: wanting, direction });
          expect((await store.readLog(query)).atEnd).toBe(false);
          expect(await readLogToEnd(store, query)).toEqual([]);
        }

        // Times, over the same length: 1,000 events of each instant.
        for (const direction of ["forwards", "backwards"] as const) {
          const filter = {
            ...noFilter,
            recordedFrom: someTime + 12n,
            recordedBefore: someTime + 14n,
          };
          const query = logQuery(tenantId, { direction, filter, maxEvents: 700 });
          const positions = (await readLogToEnd(store, query)).map((event) => event.position);
          const expected = oneTo(13_001).slice(11_001);
          expect(positions).toEqual(direction === "forwards" ? expected : expected.reverse());
        }

        // The whole of it, in pages.
        const all = await readLogToEnd(store, logQuery(tenantId, { maxEvents: 1_000 }));
        expect(all.map((event) => event.position)).toEqual(oneTo(25_002));
      },
    );
  });
}

async function tenantWith(store: Store, count: number): Promise<TenantId> {
  const tenantId = newTenant();
  for (let i = 0; i < count; i++) {
    await appendOk(store, tenantId, newStream(), newEvents(1));
    await appendOk(store, newTenant(), newStream(), newEvents(1));
  }
  return tenantId;
}
