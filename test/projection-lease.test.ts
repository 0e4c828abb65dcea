import { expect, test } from "vitest";
import { maxLeaseMs } from "#server/domain/projection.js";
import type { ServiceContext } from "#server/service/context.js";
import { acquireProjection } from "#server/service/projections/acquire-projection.js";
import { createMemoryStore } from "#server/store/memory/open.js";

test("a lease that was given while the clock was ahead keeps nobody out, the longest one does", async () => {
  let now = 1_000_000_000_000n;
  const context = { store: createMemoryStore(), clock: () => now } as unknown as ServiceContext;
  const acquire = async () =>
    (await acquireProjection(context, "operator", "orders", maxLeaseMs)).acquired;
  const year = 31_536_000_000_000n;
  now += year;
  expect(await acquire()).toBe(true);
  expect(await acquire()).toBe(false);
  now -= year;
  expect(await acquire()).toBe(true);
  expect(await acquire()).toBe(false);
  now += BigInt(maxLeaseMs) * 1_000n - 1n;
  expect(await acquire()).toBe(false);
  now += 1n;
  expect(await acquire()).toBe(true);
});
