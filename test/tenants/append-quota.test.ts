import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnnalsError } from "#server/domain/error.js";
import type { Instant } from "#server/domain/instant.js";
import type { TenantLimits } from "#server/domain/tenant-settings.js";
import { createMemoryStore } from "#server/store/memory/open.js";
import type { AppendOutcome, Store } from "#server/store/store.js";
import { AppendQuota } from "#server/tenants/append-quota.js";
import { AppendRates } from "#server/tenants/append-rates.js";
import { evictOldest } from "#server/tenants/evict-oldest.js";
import { TokenBucket } from "#server/tenants/token-bucket.js";
import { any, append, newEvents, newStream, newTenant } from "../support/store-input.js";

const day = 86_400_000_000n;

/** A tenant that appends through a quota, on a clock that is turned by hand. */
function quotaOf(limits: TenantLimits, store: Store = createMemoryStore()) {
  const clock = { now: 20_000n * day };
  const quota = new AppendQuota(
    store,
    () => limits,
    () => clock.now,
  );
  const tenantId = newTenant();
  const write = (events: number, at?: Instant) =>
    quota.admit(tenantId, randomUUID(), { events, bytes: 100 * events }, () =>
      append(
        store,
        { tenantId, stream: newStream(), expected: any, events: newEvents(events) },
        at ?? clock.now,
      ),
    );
  return { clock, quota, write, store, tenantId };
}

const limitOf = async (write: () => Promise<unknown>): Promise<string> => {
  try {
    await write();
    return "let in";
  } catch (error) {
    if (!(error instanceof AnnalsError) || error.failure.reason !== "limit_exceeded") throw error;
    return error.failure.limit;
  }
};

describe("events a day", () => {
  test("count from midnight UTC, whatever was there before", async () => {
    const { clock, write } = quotaOf({ eventsPerDay: 10 });
    await write(10);
    expect(await limitOf(() => write(1))).toBe("tenant_events_per_day");
    clock.now += day - 1n;
    expect(await limitOf(() => write(1))).toBe("tenant_events_per_day");
    clock.now += 1n;
    expect(await limitOf(() => write(10))).toBe("let in");
    expect(await limitOf(() => write(1))).toBe("tenant_events_per_day");
  });

  test("count what was written before this server knew of the tenant", async () => {
    const store = createMemoryStore();
    const first = quotaOf({ eventsPerDay: 10 }, store);
    await first.write(4);
    const quota = new AppendQuota(
      store,
      () => ({ eventsPerDay: 10 }),
      () => first.clock.now,
    );
    const admit = (events: number) => () =>
      quota.admit(first.tenantId, randomUUID(), { events, bytes: 0 }, () =>
        append(
          store,
          { ...first, stream: newStream(), expected: any, events: newEvents(events) },
          first.clock.now,
        ),
      );
    expect(await limitOf(admit(7))).toBe("tenant_events_per_day");
    expect(await limitOf(admit(6))).toBe("let in");
  });

  test("what is being written may fail: who would be over with it is told to come again soon", async () => {
    for (const limits of [{ eventsPerDay: 10 }, { storedBytes: 1_000 }]) {
      const store = createMemoryStore();
      const quota = new AppendQuota(
        store,
        () => limits,
        () => 20_000n * day,
      );
      const tenantId = newTenant();
      const admit = (events: number, write: () => Promise<AppendOutcome>) =>
        quota.admit(tenantId, randomUUID(), { events, bytes: 100 * events }, write);
      let fail = (): void => undefined;
      const failed = { ok: false, failure: { reason: "internal", outcomeUnknown: false } } as const;
      const first = admit(
        6,
        () =>
          new Promise(
            (resolve) =>
              (fail = () => {
                resolve(failed);
              }),
          ),
      );
      const retryAfterMs = 100;
      const never = () => Promise.reject(new Error("let in"));
      await expect(admit(6, never)).rejects.toMatchObject({ failure: { retryAfterMs } });
      await expect(admit(11, never)).rejects.not.toMatchObject({ failure: { retryAfterMs } });
      fail();
      await first;
      expect(await admit(6, () => Promise.resolve(failed))).toBe(failed);
    }
  });

  test("what fails does not count, and appends are let in in the order they came", async () => {
    const { tenantId, store } = quotaOf({});
    const quota = new AppendQuota(
      store,
      () => ({ eventsPerDay: 3 }),
      () => 20_000n * day,
    );
    const stream = newStream();
    const events = newEvents(1);
    const order: number[] = [];
    const outcomes = await Promise.all(
      [0, 1, 2].map((n) =>
        quota.admit(tenantId, randomUUID(), { events: 1, bytes: 0 }, () => {
          order.push(n);
          const expected = { kind: "no_stream" } as const;
          const intent = { tenantId, stream, expected, events: n === 0 ? events : newEvents(1) };
          return append(store, intent, 20_000n * day);
        }),
      ),
    );
    expect(order).toEqual([0, 1, 2]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, false]);
    const more = quota.admit(tenantId, randomUUID(), { events: 2, bytes: 0 }, () =>
      append(
        store,
        { tenantId, stream: newStream(), expected: any, events: newEvents(2) },
        20_000n * day,
      ),
    );
    expect(await more).toMatchObject({ ok: true });
  });

  test("when usage cannot be read nothing is let in, and it is read again", async () => {
    const store = createMemoryStore();
    let broken = true;
    const failing: Store = {
      ...store,
      getTenantUsage: (tenantId) =>
        broken ? Promise.reject(new Error("no disk")) : store.getTenantUsage(tenantId),
    };
    const { write } = quotaOf({ eventsPerDay: 1 }, failing);
    await expect(write(1)).rejects.toThrow("no disk");
    expect((await store.getWholeHead()).globalPosition).toBe(0n);
    broken = false;
    expect(await write(1)).toMatchObject({ ok: true });
  });
});

describe("bytes stored", () => {
  test("what is being written counts, whoever races for the room", async () => {
    const { write } = quotaOf({ storedBytes: 10_000 });
    await write(1);
    const race = await Promise.all(Array.from({ length: 10 }, () => limitOf(() => write(20))));
    expect(race.filter((limit) => limit === "let in")).toHaveLength(4);
  });

  test("what is sent again takes no room", async () => {
    const { clock, quota, write, store, tenantId } = quotaOf({ storedBytes: 10_000 });
    const events = newEvents(1);
    const intent = { tenantId, stream: newStream(), expected: any, events };
    for (let i = 0; i < 4; i++) {
      await quota.admit(tenantId, events[0]!.eventId, { events: 1, bytes: 2_000 }, () =>
        append(store, intent, clock.now),
      );
    }
    expect(await limitOf(() => write(40))).toBe("let in");
  });
});

test("what other servers wrote counts after a second, also for a server that was at rest", async () => {
  const here = quotaOf({ eventsPerDay: 100 });
  const there = new AppendQuota(
    here.store,
    () => ({ eventsPerDay: 100 }),
    () => here.clock.now,
  );
  await here.write(1);
  const { tenantId, store } = here;
  await there.admit(tenantId, randomUUID(), { events: 90, bytes: 0 }, () =>
    append(
      store,
      { tenantId, stream: newStream(), expected: any, events: newEvents(90) },
      here.clock.now,
    ),
  );
  await setTimeout(1_100);
  const burst = await Promise.all(Array.from({ length: 50 }, () => limitOf(() => here.write(1))));
  expect(burst.filter((limit) => limit === "let in")).toHaveLength(9);
});

test("what comes while a rate is lifted is not held against the tenant when it is set again", () => {
  const rates = new AppendRates();
  const tenantId = newTenant();
  const bytes = { appendBytesPerSecond: 1_000_000 };
  for (let i = 0; i < 100; i++) rates.take(tenantId, bytes, { events: 1_000, bytes: 1 });
  rates.assertNotOverdrawn(tenantId, { ...bytes, appendEventsPerSecond: 10 });
});

test("something is held of twenty thousand tenants, and of the oldest nothing more", () => {
  const held = new Map<number, number>();
  for (let i = 0; i <= 20_000; i++) {
    held.set(i, i);
    evictOldest(held);
  }
  expect(held.size).toBe(20_000);
  expect(held.has(0)).toBe(false);
});

test("a tenant at its limit is told that limit, not that it was too fast", async () => {
  const { write } = quotaOf({ eventsPerDay: 5, appendEventsPerSecond: 10 });
  await write(5);
  for (let i = 0; i < 30; i++) expect(await limitOf(() => write(1))).toBe("tenant_events_per_day");
});

test("a token bucket lets through its rate, and no more than one overdraft beyond a second's worth", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.array(fc.record({ wait: fc.nat(2_000), tokens: fc.integer({ min: 1, max: 500 }) }), {
        minLength: 1,
      }),
      (rate, steps) => {
        const bucket = new TokenBucket(0);
        let [now, taken, largest] = [0, 0, 0];
        for (const { wait, tokens } of steps) {
          now += wait;
          const waitMs = bucket.waitMs(rate, now);
          if (waitMs === 0) {
            bucket.take(tokens);
            taken += tokens;
            largest = Math.max(largest, tokens);
          } else {
            expect(bucket.waitMs(rate, now + waitMs)).toBeLessThanOrEqual(1);
            now += waitMs;
          }
        }
        expect(taken).toBeLessThanOrEqual(rate + (now / 1_000) * rate + largest + 1);
      },
    ),
  );
});
