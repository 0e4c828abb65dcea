import { expect, vi } from "vitest";
import { AnnalsError } from "#server/domain/error.js";
import { noFilter } from "#server/domain/filter.js";
import {
  appendOk,
  newEvents,
  newStream,
  newTenant,
  wholeLogQuery,
} from "../../support/store-input.js";
import { describeTheme, type StoreContract } from "./theme.js";

export function describeGrowth(contract: StoreContract): void {
  describeTheme(contract, "growth", ({ test, testAlone }) => {
    test("who watches is told of every append, and what it was told can be read", async (store) => {
      const tenantId = newTenant();
      const seen: Promise<bigint>[] = [];
      const unwatch = store.watch(() => {
        seen.push(store.getHead(tenantId).then((head) => head.position));
      });
      for (let n = 1; n <= 5; n++) {
        seen.length = 0;
        await appendOk(store, tenantId, newStream(), newEvents(2));
        await vi.waitFor(() => {
          expect(seen.length).toBeGreaterThan(0);
        }, 10_000);
        expect(await seen.at(-1)).toBe(BigInt(2 * n));
      }
      unwatch();
      unwatch();
    });

    test("who watches no longer is told nothing, and others still are", async (store) => {
      const tell = { gone: vi.fn(), still: vi.fn() };
      const unwatchGone = store.watch(tell.gone);
      const unwatchStill = store.watch(tell.still);
      unwatchGone();
      tell.gone.mockClear();
      await appendOk(store, newTenant(), newStream(), newEvents(1));
      await vi.waitFor(() => {
        expect(tell.still).toHaveBeenCalled();
      }, 10_000);
      expect(tell.gone).not.toHaveBeenCalled();
      unwatchStill();
    });

    testAlone("cursors and global positions are the same places", async (store) => {
      await appendOk(store, newTenant(), newStream(), newEvents(3));
      const head = await store.getWholeHead();
      expect(store.cursorOf(3n)).toBe(head.cursor);
      expect(store.placeOf(head.cursor)).toBe(3n);
      expect(store.placeOf("")).toBe(0n);
      expect(() => store.placeOf("no cursor")).toThrow(AnnalsError);
      const rest = await store.readWholeLog(wholeLogQuery({ from: store.cursorOf(1n) }));
      expect(rest.events.map((event) => event.globalPosition)).toEqual([2n, 3n]);
    });

    testAlone("the whole log can be narrowed to some tenants", async (store) => {
      const [a, b, c] = [newTenant(), newTenant(), newTenant()];
      for (const tenantId of [a, b, c, a, c]) {
        await appendOk(store, tenantId, newStream(), newEvents(1));
      }
      const placesOf = async (tenantIds: readonly string[]): Promise<bigint[]> => {
        const filter = { ...noFilter, tenantIds };
        const page = await store.readWholeLog(wholeLogQuery({ filter }));
        return page.events.map((event) => event.globalPosition);
      };
      expect(await placesOf([a])).toEqual([1n, 4n]);
      expect(await placesOf([a, b])).toEqual([1n, 2n, 4n]);
      expect(await placesOf([newTenant()])).toEqual([]);
      expect(await placesOf([])).toEqual([1n, 2n, 3n, 4n, 5n]);
    });
  });
}
