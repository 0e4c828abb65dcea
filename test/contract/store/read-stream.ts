import { expect } from "vitest";
import type { RecordedEvent } from "#server/domain/event.js";
import type { StreamId } from "#server/domain/stream.js";
import type { TenantId } from "#server/domain/tenant.js";
import type { Store } from "#server/store/store.js";
import {
  appendOk,
  highestPlace,
  newEvent,
  newEvents,
  newStream,
  newTenant,
  oneTo,
  streamQuery,
} from "../../support/store-input.js";
import { describeTheme, type StoreContract } from "./theme.js";

export function describeReadStream(contract: StoreContract): void {
  describeTheme(contract, "read stream", ({ test }) => {
    test("a range has both ends, in both directions", async (store) => {
      const [tenantId, stream] = await streamOf(store, 6);
      const read = async (direction: "forwards" | "backwards", from: bigint, to: bigint) => {
        const page = await store.readStream(
          streamQuery(tenantId, stream, { direction, fromVersion: from, toVersion: to }),
        );
        expect(page.atEnd).toBe(true);
        return versionsOf(page.events);
      };
      expect(await read("forwards", 2n, 4n)).toEqual([2n, 3n, 4n]);
      expect(await read("backwards", 2n, 4n)).toEqual([4n, 3n, 2n]);
      expect(await read("forwards", 5n, highestPlace)).toEqual([5n, 6n]);
      expect(await read("backwards", 0n, 2n)).toEqual([2n, 1n]);
      expect(await read("forwards", 6n, 6n)).toEqual([6n]);
    });

    test("an empty range is at its end", async (store) => {
      const [tenantId, stream] = await streamOf(store, 3);
      for (const direction of ["forwards", "backwards"] as const) {
        for (const [fromVersion, toVersion] of [
          [4n, highestPlace],
          [highestPlace, highestPlace],
          [3n, 2n],
          [0n, 0n],
        ] as const) {
          const query = streamQuery(tenantId, stream, { direction, fromVersion, toVersion });
          expect(await store.readStream(query)).toEqual({ events: [], atEnd: true });
        }
        const absent = streamQuery(tenantId, newStream(), { direction });
        expect(await store.readStream(absent)).toEqual({ events: [], atEnd: true });
      }
    });

    test("a page ends with maxEvents, and is at the end when nothing is left", async (store) => {
      const [tenantId, stream] = await streamOf(store, 6);
      const page = async (parts: Parameters<typeof streamQuery>[2]) => {
        const { events, atEnd } = await store.readStream(streamQuery(tenantId, stream, parts));
        return { versions: versionsOf(events), atEnd };
      };
      expect(await page({ maxEvents: 2 })).toEqual({ versions: [1n, 2n], atEnd: false });
      expect(await page({ maxEvents: 2, fromVersion: 5n })).toEqual({
        versions: [5n, 6n],
        atEnd: true,
      });
      expect(await page({ maxEvents: 2, toVersion: 2n })).toEqual({
        versions: [1n, 2n],
        atEnd: true,
      });
      expect(await page({ maxEvents: 6 })).toMatchObject({ atEnd: true });
      expect(await page({ maxEvents: 5 })).toMatchObject({ atEnd: false });
      const direction = "backwards";
      expect(await page({ maxEvents: 2, direction })).toEqual({ versions: [6n, 5n], atEnd: false });
      expect(await page({ maxEvents: 2, direction, toVersion: 2n })).toEqual({
        versions: [2n, 1n],
        atEnd: true,
      });
      expect(await page({ maxEvents: 2, direction, fromVersion: 5n })).toEqual({
        versions: [6n, 5n],
        atEnd: true,
      });
      expect(await page({ maxEvents: 2, direction, fromVersion: 4n })).toEqual({
        versions: [6n, 5n],
        atEnd: false,
      });
    });

    test("a page ends with the event that reaches maxBytes, and holds at least one", async (store) => {
      const [tenantId, stream] = await streamOf(store, 4, 10_000);
      const count = async (maxBytes: number) => {
        const page = await store.readStream(streamQuery(tenantId, stream, { maxBytes }));
        return [page.events.length, page.atEnd];
      };
      expect(await count(1)).toEqual([1, false]);
      expect(await count(10_000)).toEqual([1, false]);
      expect(await count(15_000)).toEqual([2, false]);
      expect(await count(25_000)).toEqual([3, false]);
      expect(await count(35_000)).toEqual([4, true]);
      expect(await count(1_000_000)).toEqual([4, true]);
    });

    test("many events of many bytes come in order, both ways", async (store) => {
      const [tenantId, stream] = await streamOf(store, 400, 1_000);
      const all = oneTo(400);
      const read = async (direction: "forwards" | "backwards") => {
        const query = streamQuery(tenantId, stream, { direction, maxEvents: 1_000 });
        return versionsOf((await store.readStream(query)).events);
      };
      expect(await read("forwards")).toEqual(all);
      expect(await read("backwards")).toEqual(all.toReversed());
    });

    test("other streams of the tenant do not show", async (store) => {
      const [tenantId, stream] = await streamOf(store, 2);
      await appendOk(store, tenantId, { ...stream, aggregateType: "Other" }, newEvents(3));
      await appendOk(store, tenantId, { ...stream, aggregateId: "other" }, newEvents(3));
      await appendOk(store, tenantId, stream, newEvents(1));
      const page = await store.readStream(streamQuery(tenantId, stream));
      expect(versionsOf(page.events)).toEqual([1n, 2n, 3n]);
      expect(page.events.map((event) => event.position)).toEqual([1n, 2n, 9n]);
    });
  });
}

async function streamOf(store: Store, count: number, bytes = 3): Promise<[TenantId, StreamId]> {
  const [tenantId, stream] = [newTenant(), newStream()];
  const events = Array.from({ length: count }, () => newEvent({ data: new Uint8Array(bytes) }));
  await appendOk(store, tenantId, stream, events);
  return [tenantId, stream];
}

function versionsOf(events: readonly RecordedEvent[]): bigint[] {
  return events.map((event) => event.aggregateVersion);
}
