import { expect } from "vitest";
import type { RecordKey, RecordStore } from "#server/store/record-store.js";
import { newTenant, oneTo, someTime } from "../../support/store-input.js";
import { describeTheme, type StoreContract } from "./theme.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function newKey(parts: Partial<RecordKey> = {}): RecordKey {
  return { owner: newTenant(), collection: "snapshots/Order", name: "order-1", ...parts };
}

async function namesOf(records: RecordStore, key: RecordKey, after = ""): Promise<string[]> {
  const found = await records.list({ ...key, after, maxRecords: 100 });
  return found.map(({ name }) => name);
}

export function describeRecords(contract: StoreContract): void {
  describeTheme(contract, "records", ({ test }) => {
    test("a record is read as it was written, and each write counts its revision on", async ({
      records,
    }) => {
      const key = newKey();
      expect(await records.get(key)).toBeUndefined();
      const value = new Uint8Array([0, 255, 92, 120, 39]);
      expect(await records.put(key, value, undefined, someTime)).toEqual({
        ok: true,
        revision: 1n,
      });
      expect(await records.put(key, value, 1n, someTime + 5n)).toEqual({ ok: true, revision: 2n });
      const stored = await records.get(key);
      expect(stored).toMatchObject({ name: "order-1", revision: 2n, updatedAt: someTime + 5n });
      expect([...(stored?.value ?? [])]).toEqual([...value]);
      await records.put(key, new Uint8Array(), undefined, someTime);
      expect((await records.get(key))?.value).toHaveLength(0);
    });

    test("a write at another revision is refused with the true one, and changes nothing", async ({
      records,
    }) => {
      const key = newKey();
      expect(await records.put(key, bytes("x"), 3n, someTime)).toEqual({ ok: false, actual: 0n });
      expect(await records.get(key)).toBeUndefined();
      await records.put(key, bytes("first"), 0n, someTime);
      for (const expected of [0n, 2n]) {
        const outcome = await records.put(key, bytes("second"), expected, someTime);
        expect(outcome).toEqual({ ok: false, actual: 1n });
      }
      expect((await records.get(key))?.value).toEqual(bytes("first"));
    });

    test("of 16 who write over one revision exactly one wins", async ({ records }) => {
      const key = newKey();
      for (const expected of [0n, 1n]) {
        const outcomes = await Promise.all(
          oneTo(16).map((n) => records.put(key, bytes(String(n)), expected, someTime)),
        );
        expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
        expect(new Set(outcomes.map((o) => (o.ok ? o.revision : o.actual)))).toEqual(
          new Set([expected + 1n]),
        );
      }
    });

    test("a deleted record is gone, and deleting it again is no error", async ({ records }) => {
      const key = newKey();
      await records.put(key, bytes("x"), undefined, someTime);
      await records.delete(key);
      await records.delete(key);
      expect(await records.get(key)).toBeUndefined();
      expect(await records.put(key, bytes("x"), 0n, someTime)).toEqual({ ok: true, revision: 1n });
    });

    test("the same name in two tenants, collections, or with the operator is another record", async ({
      records,
    }) => {
      const key = newKey();
      const nil = "00000000-0000-0000-0000-000000000000" as typeof key.owner;
      const others = [
        newKey(),
        newKey({ ...key, collection: "snapshots" }),
        newKey({ ...key, owner: "operator" }),
        newKey({ ...key, owner: nil }),
      ];
      await records.put(key, bytes("mine"), undefined, someTime);
      for (const other of others) {
        expect(await records.get(other)).toBeUndefined();
        expect(await namesOf(records, other)).toEqual([]);
        expect(await records.put(other, bytes("theirs"), 0n, someTime)).toMatchObject({ ok: true });
        await records.delete(other);
      }
      expect((await records.get(key))?.value).toEqual(bytes("mine"));
    });

    test("records are listed by name, page by page", async ({ records }) => {
      const key = newKey();
      const names = ["a", "B", "a/b", "é", "😀", "a%_", "Z".repeat(1_000)];
      for (const name of names) await records.put({ ...key, name }, bytes(name), 0n, someTime);
      const sorted = names.sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
      expect(await namesOf(records, key)).toEqual(sorted);
      const page = await records.list({ ...key, after: sorted[1] ?? "", maxRecords: 2 });
      expect(page.map(({ name }) => name)).toEqual(sorted.slice(2, 4));
      expect(page.map(({ value }) => value)).toEqual(sorted.slice(2, 4).map(bytes));
      expect(await namesOf(records, key, sorted.at(-1))).toEqual([]);
    });

    test("a record as large as a snapshot may be comes back whole", async ({ records }) => {
      const key = newKey();
      const value = new Uint8Array(1_048_576).map((_, i) => i % 251);
      await records.put(key, value, undefined, someTime);
      expect(Buffer.compare((await records.get(key))?.value ?? bytes(""), value)).toBe(0);
    });
  });
}
