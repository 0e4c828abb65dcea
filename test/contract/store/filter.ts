import { expect } from "vitest";
import { type EventFilter, noFilter } from "#server/domain/filter.js";
import type { TenantId } from "#server/domain/tenant.js";
import type { Store } from "#server/store/store.js";
import {
  appendOk,
  logQuery,
  newEvent,
  newEvents,
  newStream,
  newTenant,
  readLogToEnd,
  someTime,
} from "../../support/store-input.js";
import { describeTheme, type StoreContract } from "./theme.js";

export function describeFilter(contract: StoreContract): void {
  describeTheme(contract, "filter", ({ test, testAlone }) => {
    test("aggregate types: any of them, exactly", async (store) => {
      const tenantId = newTenant();
      for (const type of ["Order", "order", "Orders", "Cart", "Ördér"]) {
        await appendOk(store, tenantId, newStream(type), newEvents(1));
      }
      const pick = picker(store, tenantId);
      expect(await pick({ aggregateTypes: ["Order"] })).toEqual([1n]);
      expect(await pick({ aggregateTypes: ["Cart", "Order"] })).toEqual([1n, 4n]);
      expect(await pick({ aggregateTypes: ["Ördér", "none"] })).toEqual([5n]);
      expect(await pick({ aggregateTypes: ["none"] })).toEqual([]);
      expect(await pick({ aggregateTypes: ["Order", "Order"] })).toEqual([1n]);
    });

    test("aggregate ids: any of them, whatever their type", async (store) => {
      const tenantId = newTenant();
      for (const [aggregateType, aggregateId] of [
        ["Order", "1"],
        ["Cart", "1"],
        ["Order", "2"],
        ["Order", "1 "],
        ["Order", "01"],
      ] as const) {
        await appendOk(store, tenantId, { aggregateType, aggregateId }, newEvents(1));
      }
      const pick = picker(store, tenantId);
      expect(await pick({ aggregateIds: ["1"] })).toEqual([1n, 2n]);
      expect(await pick({ aggregateIds: ["1", "2"] })).toEqual([1n, 2n, 3n]);
      expect(await pick({ aggregateIds: ["1"], aggregateTypes: ["Order"] })).toEqual([1n]);
      expect(await pick({ aggregateIds: ["1", "2"], aggregateTypes: ["Cart", "x"] })).toEqual([2n]);
    });

    test("event types and prefixes: any of the ones or the others", async (store) => {
      const tenantId = await withTypes(store, ["OrderPlaced", "OrderPaid", "CartFilled", "Order"]);
      const pick = picker(store, tenantId);
      expect(await pick({ eventTypes: ["OrderPaid"] })).toEqual([2n]);
      expect(await pick({ eventTypes: ["Order"] })).toEqual([4n]);
      expect(await pick({ eventTypePrefixes: ["Order"] })).toEqual([1n, 2n, 4n]);
      expect(await pick({ eventTypePrefixes: ["order"] })).toEqual([]);
      expect(await pick({ eventTypePrefixes: ["OrderPaidX"] })).toEqual([]);
      expect(await pick({ eventTypes: ["CartFilled"], eventTypePrefixes: ["OrderP"] })).toEqual([
        1n,
        2n,
        3n,
      ]);
      expect(await pick({ eventTypePrefixes: ["Cart", "OrderPl"] })).toEqual([1n, 3n]);
    });

    test("a prefix is text: % _ * ? \\ [ and ' stand for themselves", async (store) => {
      const types = ["a%b", "axb", "a_b", "a*b", "a?b", "a\\b", "a[b", "a'b", 'a"b', "A%b"];
      const pick = picker(store, await withTypes(store, types));
      for (const [i, type] of types.entries()) {
        const place = [BigInt(i + 1)];
        expect(await pick({ eventTypePrefixes: [type.slice(0, 2)] })).toEqual(place);
        expect(await pick({ eventTypes: [type] })).toEqual(place);
      }
      expect(await pick({ eventTypePrefixes: ["%"] })).toEqual([]);
      expect(await pick({ eventTypePrefixes: ["_"] })).toEqual([]);
    });

    test("a prefix counts characters outside the basic plane right", async (store) => {
      const types = ["😀😀Placed", "😀Placed", "😁Placed", "é-1", "e\u0301-1", "𝔘a", "𝔘b"];
      const pick = picker(store, await withTypes(store, types));
      expect(await pick({ eventTypePrefixes: ["😀"] })).toEqual([1n, 2n]);
      expect(await pick({ eventTypePrefixes: ["😀😀"] })).toEqual([1n]);
      expect(await pick({ eventTypePrefixes: ["😀P"] })).toEqual([2n]);
      expect(await pick({ eventTypePrefixes: ["é"] })).toEqual([4n]);
      expect(await pick({ eventTypePrefixes: ["𝔘"] })).toEqual([6n, 7n]);
      expect(await pick({ eventTypePrefixes: ["𝔘b", "😁"] })).toEqual([3n, 7n]);
    });

    test("tags: all of them, exactly", async (store) => {
      const tenantId = newTenant();
      for (const tags of [[], ["a"], ["a", "b"], ["b", "a", "c"], ["ab"], ['"a"', "%"], ["A"]]) {
        await appendOk(store, tenantId, newStream(), [newEvent({ tags })]);
      }
      const pick = picker(store, tenantId);
      expect(await pick({ tags: ["a"] })).toEqual([2n, 3n, 4n]);
      expect(await pick({ tags: ["a", "b"] })).toEqual([3n, 4n]);
      expect(await pick({ tags: ["b", "a", "a"] })).toEqual([3n, 4n]);
      expect(await pick({ tags: ["a", "b", "c", "d"] })).toEqual([]);
      expect(await pick({ tags: ["%"] })).toEqual([6n]);
      expect(await pick({ tags: ['"a"'] })).toEqual([6n]);
      expect(await pick({ tags: ["null"] })).toEqual([]);
    });

    testAlone(
      "recordedFrom is inclusive and recordedBefore exclusive, both ways",
      async (store) => {
        const tenantId = newTenant();
        // Several events of each instant, another tenant's between them, and gaps of time.
        for (const ms of [0n, 1n, 1n, 3n, 3n, 8n]) {
          await appendOk(store, tenantId, newStream(), newEvents(2), someTime + ms);
          await appendOk(store, newTenant(), newStream(), newEvents(1), someTime + ms);
        }
        const pick = picker(store, tenantId);
        const since = (n: bigint) => ({ recordedFrom: someTime + n });
        const before = (n: bigint) => ({ recordedBefore: someTime + n });
        expect(await pick(since(1n))).toEqual([3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n, 11n, 12n]);
        expect(await pick(since(2n))).toEqual([7n, 8n, 9n, 10n, 11n, 12n]);
        expect(await pick(since(8n))).toEqual([11n, 12n]);
        expect(await pick(since(9n))).toEqual([]);
        expect(await pick(since(-99n))).toHaveLength(12);
        expect(await pick(before(0n))).toEqual([]);
        expect(await pick(before(1n))).toEqual([1n, 2n]);
        expect(await pick(before(2n))).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
        expect(await pick(before(99n))).toHaveLength(12);
        expect(await pick({ ...since(1n), ...before(3n) })).toEqual([3n, 4n, 5n, 6n]);
        expect(await pick({ ...since(3n), ...before(3n) })).toEqual([]);
        expect(await pick({ ...since(8n), ...before(1n) })).toEqual([]);
        expect(await pick({ ...since(4n), ...before(8n) })).toEqual([]);
      },
    );

    test("parts are joined by and", async (store) => {
      const tenantId = newTenant();
      const stream = newStream("Order");
      const other = newStream("Cart");
      for (const of of [stream, other]) {
        for (const eventType of ["Placed", "Paid"]) {
          for (const tags of [["x"], ["y"]]) {
            await appendOk(store, tenantId, of, [newEvent({ eventType, tags })]);
          }
        }
      }
      const pick = picker(store, tenantId);
      expect(await pick({ aggregateTypes: ["Order"], tags: ["y"] })).toEqual([2n, 4n]);
      expect(await pick({ eventTypes: ["Paid"], tags: ["y"] })).toEqual([4n, 8n]);
      const all = {
        aggregateTypes: ["Order", "Cart"],
        aggregateIds: [other.aggregateId],
        eventTypes: ["Paid"],
        eventTypePrefixes: ["Pl"],
        tags: ["x"],
      };
      expect(await pick(all)).toEqual([5n, 7n]);
      expect(await pick({ ...all, aggregateTypes: ["Order"] })).toEqual([]);
    });

    test("by type: ordered, exclusive of where it resumed, and only that type", async (store) => {
      const tenantId = newTenant();
      for (let i = 0; i < 12; i++) {
        await appendOk(store, tenantId, newStream(i % 3 === 0 ? "Order" : "Cart"), newEvents(1));
      }
      const filter = { ...noFilter, aggregateTypes: ["Order"] };
      const first = await store.readLog(logQuery(tenantId, { filter, maxEvents: 2 }));
      expect(first.events.map((event) => event.position)).toEqual([1n, 4n]);
      expect(first).toMatchObject({ scannedTo: 4n, atEnd: false });
      const rest = await readLogToEnd(
        store,
        logQuery(tenantId, { filter, maxEvents: 2, from: first.scannedTo }),
      );
      expect(rest.map((event) => event.position)).toEqual([7n, 10n]);
    });
  });
}

/** Which positions a filter picks; asks forwards and backwards, in small pages and in one. */
function picker(
  store: Store,
  tenantId: TenantId,
): (parts: Partial<EventFilter>) => Promise<bigint[]> {
  return async (parts) => {
    const filter = { ...noFilter, ...parts };
    const read = async (more: Parameters<typeof logQuery>[1]) =>
      (await readLogToEnd(store, logQuery(tenantId, { filter, ...more }))).map((e) => e.position);
    const positions = await read({});
    expect(await read({ maxEvents: 1 })).toEqual(positions);
    expect(await read({ direction: "backwards" })).toEqual(positions.toReversed());
    expect(await read({ direction: "backwards", maxEvents: 1 })).toEqual(positions.toReversed());
    return positions;
  };
}

async function withTypes(store: Store, eventTypes: readonly string[]): Promise<TenantId> {
  const tenantId = newTenant();
  const events = eventTypes.map((eventType) => newEvent({ eventType }));
  await appendOk(store, tenantId, newStream(), events);
  return tenantId;
}
