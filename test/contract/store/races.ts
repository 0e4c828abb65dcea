import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "vitest";
import { noFilter } from "#server/domain/filter.js";
import {
  any,
  append,
  appendOk,
  exactly,
  idsOf,
  logQuery,
  newEvents,
  newStream,
  newTenant,
  oneTo,
  someTime,
  streamQuery,
  wholeLogQuery,
} from "../../support/store-input.js";
import { describeTheme, type StoreContract } from "./theme.js";

export function describeRaces(contract: StoreContract): void {
  describeTheme(contract, "races", ({ test, testAlone }) => {
    test("of 16 appends at one version one wins, and the others learn the version", async (store) => {
      const [tenantId, stream] = [newTenant(), newStream()];
      await appendOk(store, tenantId, stream, newEvents(3));
      const racers = Array.from({ length: 16 }, () => newEvents(2));
      const outcomes = await Promise.all(
        racers.map((events) => append(store, { tenantId, stream, expected: exactly(3n), events })),
      );
      const winner = outcomes.findIndex((outcome) => outcome.ok);
      expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.ok) continue;
        expect(outcome.failure).toEqual({
          reason: "version_conflict",
          expected: exactly(3n),
          actual: 5n,
        });
      }
      const page = await store.readStream(streamQuery(tenantId, stream, { fromVersion: 4n }));
      expect(idsOf(page.events)).toEqual(idsOf(racers[winner]!));
    });

    test("of 16 appends to different streams all win, without hole", async (store) => {
      const tenantId = newTenant();
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, () => appendOk(store, tenantId, newStream(), newEvents(3))),
      );
      const firsts = outcomes.map((outcome) => outcome.firstPosition).sort((a, b) => Number(a - b));
      expect(firsts).toEqual(oneTo(16).map((i) => i * 3n - 2n));
    });

    test("of 16 copies of one append one is written, and all answer the same", async (store) => {
      const [tenantId, stream, events] = [newTenant(), newStream(), newEvents(2)];
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, () => appendOk(store, tenantId, stream, events)),
      );
      expect(outcomes.filter((outcome) => !outcome.deduplicated)).toHaveLength(1);
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ version: 2n, firstPosition: 1n, lastPosition: 2n });
      }
      expect((await store.getHead(tenantId)).position).toBe(2n);
    });

    testAlone("readers see each append whole or not at all, and never a hole", async (store) => {
      const [tenantId, stream, other] = [newTenant(), newStream(), newTenant()];
      const rounds = 80;
      const perAppend = 5;
      let writing = true;
      const writers = Promise.all([
        write(async (i) => {
          const intent = { tenantId, stream, expected: any };
          const batch = [newEvents(perAppend), newEvents(perAppend)];
          await store.append(
            batch.map((events) => ({ ...intent, events })),
            someTime + BigInt(i),
          );
        }),
        write(async (i) => {
          await appendOk(store, other, stream, newEvents(perAppend), someTime + BigInt(i));
        }),
      ]).finally(() => {
        writing = false;
      });
      async function write(one: (i: number) => Promise<void>): Promise<void> {
        for (let i = 0; i < rounds; i++) {
          await one(i);
          await nextTurn();
        }
      }

      const lengths = new Set<number>();
      const check = (places: readonly bigint[]): void => {
        expect(places).toEqual(oneTo(places.length));
        expect(places.length % perAppend).toBe(0);
        lengths.add(places.length);
      };
      const read = async (one: () => Promise<readonly bigint[]>): Promise<void> => {
        let length = 0;
        do {
          const places = await one();
          check(places);
          expect(places.length).toBeGreaterThanOrEqual(length);
          length = places.length;
          await nextTurn();
        } while (writing);
      };
      await Promise.all([
        writers,
        read(async () => (await store.readLog(logQuery(tenantId))).events.map((e) => e.position)),
        read(async () =>
          (await store.readStream(streamQuery(tenantId, stream))).events.map(
            (e) => e.aggregateVersion,
          ),
        ),
        read(async () =>
          (await store.readWholeLog(wholeLogQuery())).events.map((e) => e.globalPosition),
        ),
        read(async () => oneTo(Number((await store.getHead(tenantId)).position))),
      ]);
      // It was a race: readers saw the log at several lengths on the way.
      expect(lengths.size).toBeGreaterThan(3);
      expect((await store.getHead(tenantId)).position).toBe(BigInt(rounds * perAppend * 2));
    });

    for (const [who, eventTypes] of [
      ["a reader", []],
      ["a reader of one type", ["OrderPlaced"]],
    ] as const) {
      testAlone(
        `${who} that follows the head misses nothing and sees nothing twice`,
        async (store) => {
          const filter = eventTypes.length === 0 ? noFilter : { ...noFilter, eventTypes };
          const tenants = [newTenant(), newTenant()];
          const total = 2 * 60 * 3;
          const writers = tenants.map(async (tenantId) => {
            for (let i = 0; i < 60; i++) {
              await appendOk(store, tenantId, newStream(), newEvents(3));
            }
          });
          const places: bigint[] = [];
          let from = "";
          while (places.length < total) {
            const page = await store.readWholeLog(wholeLogQuery({ from, filter, maxEvents: 7 }));
            places.push(...page.events.map((event) => event.globalPosition));
            from = page.scannedTo;
            await nextTurn();
          }
          await Promise.all(writers);
          expect(places).toEqual(oneTo(total));
        },
      );
    }
  });
}
