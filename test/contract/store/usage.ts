import { expect } from "vitest";
import { sizeOfEvents } from "#server/domain/event.js";
import type { TenantUsage } from "#server/store/store.js";
import {
  any,
  append,
  appendOk,
  exactly,
  newEvent,
  newEvents,
  newStream,
  newTenant,
  noStream,
  someTime,
} from "../../support/store-input.js";
import { describeTheme, type StoreContract } from "./theme.js";

export function describeUsage(contract: StoreContract): void {
  describeTheme(contract, "usage", ({ test, testAlone }) => {
    test("a tenant without events uses nothing", async (store) => {
      const tenantId = newTenant();
      const usage = { tenantId, position: 0n, bytes: 0n, recordedAt: undefined };
      expect(await store.getTenantUsage(tenantId)).toEqual(usage);
    });

    test("what is written counts, and nothing else does", async (store) => {
      const tenantId = newTenant();
      const stream = newStream();
      const first = [newEvent({ data: new Uint8Array(1_000), tags: ["a", "bc"] })];
      const second = newEvents(3, { metadata: { key: "value", ключ: "значение" } });
      await appendOk(store, tenantId, stream, first);
      await appendOk(store, newTenant(), stream, newEvents(5));
      const intent = { tenantId, stream, expected: any };
      await store.append(
        [
          { ...intent, events: second },
          { ...intent, events: newEvents(1), expected: noStream },
        ],
        someTime + 7n,
      );
      await append(store, { ...intent, events: first });
      expect(await store.getTenantUsage(tenantId)).toEqual({
        tenantId,
        position: 4n,
        bytes: BigInt(sizeOfEvents([...first, ...second])),
        recordedAt: someTime + 7n,
      });
    });

    testAlone("the tenants that have events are listed by id, page by page", async (store) => {
      const tenants = Array.from({ length: 7 }, newTenant);
      const refused = { tenantId: newTenant(), stream: newStream(), expected: exactly(1n) };
      await append(store, { ...refused, events: newEvents(1) });
      for (const tenantId of tenants) {
        await appendOk(store, tenantId, newStream(), newEvents(2));
      }
      const listed: TenantUsage[] = [];
      for (let after = ""; ;) {
        const page = await store.listTenantUsage(after, 3);
        listed.push(...page);
        if (page.length < 3) break;
        after = page.at(-1)?.tenantId ?? "";
      }
      expect(listed.map(({ tenantId }) => tenantId)).toEqual(tenants.sort());
      for (const usage of listed) {
        expect(usage).toEqual(await store.getTenantUsage(usage.tenantId));
        expect(usage.position).toBe(2n);
      }
    });
  });
}
