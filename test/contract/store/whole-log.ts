import { expect } from "vitest";
import { AnnalsError } from "#server/domain/error.js";
import { noFilter } from "#server/domain/filter.js";
import type { Direction } from "#server/domain/log.js";
import type { Store, WholeLogPage } from "#server/store/store.js";
import {
  appendOk,
  newEvents,
  newStream,
  newTenant,
  oneTo,
  readWholeLogToEnd,
  someTime,
  wholeLogQuery,
} from "../../support/store-input.js";
import { describeTheme, type StoreContract } from "./theme.js";

export function describeWholeLog(contract: StoreContract): void {
  describeTheme(contract, "whole log", ({ test, testAlone }) => {
    testAlone("an empty log has a head that can be read on from", async (store) => {
      const head = await store.getWholeHead();
      expect(head).toMatchObject({ globalPosition: 0n, recordedAt: undefined });
      for (const direction of ["forwards", "backwards"] as const) {
        const page = await store.readWholeLog(wholeLogQuery({ direction }));
        expect(page).toMatchObject({ events: [], atEnd: true });
      }
      const empty = await store.readWholeLog(wholeLogQuery());
      await fill(store, 2);
      for (const from of [head.cursor, empty.scannedTo]) {
        expect(placesOf(await store.readWholeLog(wholeLogQuery({ from })))).toEqual(oneTo(2));
      }
    });

    testAlone("it holds every tenant's events, both ways", async (store) => {
      await fill(store, 7);
      const forwards = await store.readWholeLog(wholeLogQuery());
      expect(placesOf(forwards)).toEqual(oneTo(7));
      expect(new Set(forwards.events.map((event) => event.tenantId)).size).toBe(7);
      const backwards = await store.readWholeLog(wholeLogQuery({ direction: "backwards" }));
      expect(placesOf(backwards)).toEqual(oneTo(7).reverse());
      expect([forwards.atEnd, backwards.atEnd]).toEqual([true, true]);
    });

    testAlone("the head's cursor marks the last event", async (store) => {
      await fill(store, 3);
      const head = await store.getWholeHead();
      expect(head).toMatchObject({ globalPosition: 3n, recordedAt: someTime + 2n });
      await fill(store, 2);
      const after = await store.readWholeLog(wholeLogQuery({ from: head.cursor }));
      expect(placesOf(after)).toEqual([4n, 5n]);
      const upTo = await store.readWholeLog(wholeLogQuery({ to: head.cursor }));
      expect(placesOf(upTo)).toEqual([1n, 2n, 3n]);
      expect(upTo.atEnd).toBe(true);
      const direction = "backwards";
      const before = await store.readWholeLog(wholeLogQuery({ direction, from: head.cursor }));
      expect(placesOf(before)).toEqual([2n, 1n]);
      const downTo = await store.readWholeLog(wholeLogQuery({ direction, to: head.cursor }));
      expect(placesOf(downTo)).toEqual([5n, 4n, 3n]);
    });

    testAlone("pages go on from scannedTo, without hole or repetition", async (store) => {
      await fill(store, 9);
      for (const direction of ["forwards", "backwards"] as const) {
        const places = direction === "forwards" ? oneTo(9) : oneTo(9).reverse();
        for (const maxEvents of [1, 2, 4, 9, 10]) {
          const query = wholeLogQuery({ direction, maxEvents });
          const events = await readWholeLogToEnd(store, query);
          expect(events.map((event) => event.globalPosition)).toEqual(places);
          expect((await store.readWholeLog(query)).atEnd).toBe(maxEvents >= 9);
        }
        const one = await store.readWholeLog(wholeLogQuery({ direction, maxBytes: 1 }));
        expect(placesOf(one)).toEqual(places.slice(0, 1));
      }
    });

    testAlone("reading on from scannedTo finds what is appended later", async (store) => {
      let from = "";
      const seen: bigint[] = [];
      for (let i = 0; i < 4; i++) {
        await fill(store, 2);
        const page = await store.readWholeLog(wholeLogQuery({ from }));
        seen.push(...placesOf(page));
        from = page.scannedTo;
      }
      expect(seen).toEqual(oneTo(8));
      const filter = { ...noFilter, eventTypes: ["Nothing"] };
      const none = await store.readWholeLog(wholeLogQuery({ filter }));
      expect(none).toMatchObject({ events: [], scannedTo: from, atEnd: true });
    });

    testAlone("a filter picks from every tenant", async (store) => {
      await fill(store, 6);
      const filter = { ...noFilter, eventTypes: ["Even"], recordedFrom: someTime + 1n };
      const page = await store.readWholeLog(wholeLogQuery({ filter }));
      expect(placesOf(page)).toEqual([3n, 5n]);
      const byType = { ...noFilter, aggregateTypes: ["Order"], recordedBefore: someTime + 2n };
      expect(placesOf(await store.readWholeLog(wholeLogQuery({ filter: byType })))).toEqual([
        1n,
        2n,
      ]);
    });

    test("what is no cursor is refused, as from and as to, in both directions", async (store) => {
      await fill(store, 2);
      const good = (await store.getWholeHead()).cursor;
      const base64 = (text: string) => Buffer.from(text).toString("base64url");
      const bad = [
        "x",
        "0",
        "1",
        " ",
        "-1",
        "'; DROP TABLE events; --",
        "=".repeat(10),
        "+/+/",
        "\u{1F600}",
        "A".repeat(100_000),
        base64("-1"),
        base64("g1:-1"),
        base64("g1:"),
        base64("g1:01"),
        base64("g1:1 "),
        base64("g1:9223372036854775808"),
        base64(`g1:${"9".repeat(400)}`),
        base64("g1:1.5"),
        base64("g0:1"),
        `${good}=`,
        `${good} `,
        `${good}\n`,
        `${good}!`,
        ` ${good}`,
      ];
      for (const cursor of bad) {
        for (const direction of ["forwards", "backwards"] as const) {
          await expectRefused(store, { from: cursor, direction }, cursor);
          await expectRefused(store, { to: cursor, direction }, cursor);
        }
      }
    });
  });
}

async function expectRefused(
  store: Store,
  query: { from?: string; to?: string; direction: Direction },
  cursor: string,
): Promise<void> {
  const error: unknown = await store.readWholeLog(wholeLogQuery(query)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error, cursor.slice(0, 50)).toBeInstanceOf(AnnalsError);
  expect((error as AnnalsError).failure).toMatchObject({
    reason: "invalid_argument",
    field: "cursor",
  });
}

/** Appends of one event, each in a tenant of its own and a microsecond later; types Even and Odd in turn. */
async function fill(store: Store, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const events = newEvents(1, { eventType: i % 2 === 0 ? "Even" : "Odd" });
    await appendOk(store, newTenant(), newStream(), events, someTime + BigInt(i));
  }
}

function placesOf(page: WholeLogPage): bigint[] {
  return page.events.map((event) => event.globalPosition);
}
