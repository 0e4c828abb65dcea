import { getEventListeners } from "node:events";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import {
  allTenants,
  type Annals,
  AnnalsError,
  connect,
  createMemoryProjectionStore,
  currentTenant,
  type DeadLetter,
  type DomainEvent,
  type ErrorCode,
  ProjectionRunner,
  type ProjectionReport,
  type ProjectionRunnerOptions,
  type ProjectionStore,
  type RebuildProgress,
} from "@annals/client";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Gate } from "#client/projections/gate.js";
import { delayAfter } from "#client/projections/retry-policy.js";
import type { AnnalsServer } from "#server/compose.js";
import { OrderPlaced } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const open = (tenant = newTenant()): Annals => {
  const annals = connect({ address: server.grpcAddress, tenant, events: [OrderPlaced] });
  onTestFinished(() => annals.close());
  return annals;
};

const append = async (annals: Annals, count: number, aggregateId = "1"): Promise<void> => {
  await annals.append({
    stream: { aggregateType: "Order", aggregateId },
    expected: "any",
    events: Array.from({ length: count }, () =>
      OrderPlaced.create({ customerName: "Ann", totalAmount: 1 }),
    ),
  });
};

interface Run {
  readonly runner: ProjectionRunner;
  readonly seen: DomainEvent[];
  readonly reports: ProjectionReport[];
}

const quick = { initialDelayMs: 1, maxDelayMs: 2, maxAttempts: 3, random: () => 0 };

/** Starts a runner that remembers what it handled, after the given handler has let it pass. */
function run(
  annals: Annals,
  handle: (event: DomainEvent, signal: AbortSignal) => void | Promise<void> = () => undefined,
  options: Partial<ProjectionRunnerOptions<undefined>> = {},
): Run {
  const seen: DomainEvent[] = [];
  const reports: ProjectionReport[] = [];
  const runner = new ProjectionRunner(annals, {
    name: "orders",
    store: createMemoryProjectionStore(),
    projection: {
      handle: async (event, { signal }) => {
        await handle(event, signal);
        seen.push(event);
      },
      truncate: () => void seen.splice(0),
    },
    retry: quick,
    onReport: (report) => void reports.push(report),
    ...options,
  });
  runner.start();
  onTestFinished(() => runner.stop());
  return { runner, seen, reports };
}

const positions = (events: readonly DomainEvent[]): number[] =>
  events.map(({ position }) => Number(position));

/** A promise and what resolves it. */
function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe("places", () => {
  test("it catches up, follows, and goes on where the last run ended", async () => {
    const annals = open();
    const store = createMemoryProjectionStore();
    await append(annals, 3);
    const first = run(annals, undefined, { store });
    await expect.poll(() => first.seen.length).toBe(3);
    await append(annals, 2);
    await expect.poll(() => first.seen.length).toBe(5);
    expect(await first.runner.health()).toMatchObject({ state: "live", eventsBehind: 0n });
    await first.runner.stop();
    await append(annals, 1);
    expect(await first.runner.health()).toMatchObject({ state: "stopped", eventsBehind: 1n });
    const second = run(annals, undefined, { store });
    await expect.poll(() => positions(second.seen)).toEqual([6]);
  });

  test("it starts at the end, or behind a position, when it never ran", async () => {
    const annals = open();
    await append(annals, 3);
    const behind = run(annals, undefined, { start: { position: 2n } });
    const end = run(annals, undefined, { start: "end" });
    await expect.poll(() => end.reports).toContainEqual({ kind: "state", state: "live" });
    await append(annals, 1);
    await expect.poll(() => positions(behind.seen)).toEqual([3, 4]);
    await expect.poll(() => positions(end.seen)).toEqual([4]);
  });

  test.each(["tenant", "all-tenants"] as const)(
    "a first run at the end that handled nothing keeps its start: %s",
    async (scope) => {
      const tenant = newTenant();
      const annals = open(tenant);
      await append(annals, 2);
      const reader = scope === "tenant" ? annals : open(allTenants);
      const filter = scope === "tenant" ? {} : { filter: { tenantIds: [tenant] } };
      const options = {
        store: createMemoryProjectionStore(),
        scope,
        start: "end",
        ...filter,
      } as const;
      const first = run(reader, undefined, options);
      await expect.poll(() => first.reports).toContainEqual({ kind: "state", state: "live" });
      await first.runner.stop();
      await append(annals, 2);
      const second = run(reader, undefined, options);
      await expect.poll(() => positions(second.seen)).toEqual([3, 4]);
      expect((await second.runner.health()).lastHandledAt).toBeInstanceOf(Date);
    },
  );

  test("who takes over from a first run at the end begins with the event that it left", async () => {
    const annals = open();
    await append(annals, 1);
    const options = { store: createMemoryProjectionStore(), start: "end" } as const;
    const begun = latch();
    const first = run(
      annals,
      () => {
        begun.open();
        return new Promise(() => undefined);
      },
      { ...options, stopTimeoutMs: 5 },
    );
    await expect.poll(() => first.reports).toContainEqual({ kind: "state", state: "live" });
    expect((await first.runner.health()).lastHandledAt).toBeUndefined();
    await append(annals, 1);
    await begun.opened;
    const second = run(annals, undefined, options);
    await append(annals, 1);
    await expect.poll(() => positions(second.seen)).toEqual([2, 3]);
  });

  test("a store that does not take the start holds up no stop", async () => {
    const memory = createMemoryProjectionStore();
    const write = () => Promise.reject(new Error("disk full"));
    const { runner, reports } = run(open(), undefined, {
      store: { ...memory, write },
      start: { position: 5n },
    });
    await expect.poll(() => reports.map(({ kind }) => kind)).toContain("store_failed");
    await runner.stop();
    expect((await runner.health()).state).toBe("stopped");
  });

  test("a filter that nothing fits leaves nothing behind: all tenants", async () => {
    await append(open(), 1);
    const filter = { aggregateTypes: ["Nothing"] };
    const { runner, reports } = run(open(allTenants), undefined, { scope: "all-tenants", filter });
    await expect.poll(() => reports).toContainEqual({ kind: "state", state: "live" });
    await expect.poll(async () => (await runner.health()).eventsBehind).toBe(0n);
  });

  test("all tenants: each event in its tenant's context, from a cursor on", async () => {
    const [a, b] = [newTenant(), newTenant()];
    const operator = open(allTenants);
    const store = createMemoryProjectionStore();
    const contexts: (string | undefined)[] = [];
    const remember = (): void => void contexts.push(currentTenant());
    const options = { store, scope: "all-tenants", start: "end" } as const;
    const first = run(operator, remember, options);
    await expect.poll(() => first.reports).toContainEqual({ kind: "state", state: "live" });
    await append(open(a), 2);
    await append(open(b), 1);
    await expect.poll(() => contexts).toEqual([a, a, b]);
    await first.runner.stop();
    await append(open(b), 1);
    const second = run(operator, undefined, options);
    await expect.poll(() => second.seen.map(({ tenantId }) => tenantId)).toEqual([b]);
  });
});

describe("failures", () => {
  test("a handler that throws is tried again, then its event is put aside, then on", async () => {
    const annals = open();
    const store = createMemoryProjectionStore();
    await append(annals, 3);
    const { seen, reports } = run(
      annals,
      ({ position }) => {
        if (position === 2n) throw new Error("poison");
      },
      { store },
    );
    await expect.poll(() => positions(seen)).toEqual([1, 3]);
    expect(reports.filter(({ kind }) => kind === "retry")).toMatchObject([
      { attempt: 1, delayMs: 0.5 },
      { attempt: 2, delayMs: 1 },
    ]);
    const letters = await store.listDeadLetters("orders");
    expect(letters).toMatchObject([{ position: 2n, attempts: 3, error: "poison" }]);
    await store.removeDeadLetter("orders", letters[0]!.tenantId, letters[0]!.eventId);
    expect(await store.listDeadLetters("orders")).toEqual([]);
  });

  test("what is kept of an error every database takes: no NUL, no half of a character, 2,000 at most", async () => {
    const annals = open();
    const store = createMemoryProjectionStore();
    await append(annals, 1);
    const poison = () => {
      throw new Error(`a\0b ${"x".repeat(1_996)}😀 and more`);
    };
    run(annals, poison, { store });
    await expect.poll(() => store.listDeadLetters("orders")).toHaveLength(1);
    const [{ error }] = (await store.listDeadLetters("orders")) as [DeadLetter];
    expect(error).toMatch(/^a[^\0]+x+/);
    expect(error.isWellFormed()).toBe(true);
    expect(error.length).toBeLessThanOrEqual(2_000);
  });

  test("a handler over its time is an ordinary failure, and its signal is aborted", async () => {
    const annals = open();
    await append(annals, 2);
    const signals: AbortSignal[] = [];
    const { seen } = run(
      annals,
      ({ position }, signal) => {
        if (position !== 1n) return undefined;
        signals.push(signal);
        return new Promise(() => undefined);
      },
      { handlerTimeoutMs: 5 },
    );
    await expect.poll(() => positions(seen)).toEqual([2]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  });

  test("a store that fails is asked again; the handler does not run again", async () => {
    const annals = open();
    await append(annals, 1);
    const memory = createMemoryProjectionStore();
    let failures = 2;
    const store: ProjectionStore<undefined> = {
      ...memory,
      write: (claim, work) =>
        failures-- > 0 ? Promise.reject(new Error("disk full")) : memory.write(claim, work),
    };
    const { runner, seen, reports } = run(annals, undefined, { store });
    await expect.poll(async () => (await runner.health()).eventsBehind).toBe(0n);
    expect((await memory.acquire("orders", undefined))?.place).toBe("1/");
    expect(positions(seen)).toEqual([1]);
    expect(reports.filter(({ kind }) => kind === "store_failed")).toHaveLength(2);
    expect(await memory.listDeadLetters("orders")).toEqual([]);
  });

  test("a store that is away is asked less and less often, up to the longest wait", async () => {
    const annals = open();
    await append(annals, 1);
    const memory = createMemoryProjectionStore();
    let [claims, writes] = [5, 5];
    const down = () => Promise.reject(new Error("down"));
    const store: ProjectionStore<undefined> = {
      ...memory,
      acquire: (name, leaseMs) => (claims-- > 0 ? down() : memory.acquire(name, leaseMs)),
      write: (claim, work) => (writes-- > 0 ? down() : memory.write(claim, work)),
    };
    const retry = { initialDelayMs: 1, maxDelayMs: 8, random: () => 1 };
    const { reports } = run(annals, undefined, { store, retry });
    const delays = () =>
      reports.flatMap((report) => (report.kind === "store_failed" ? [report.delayMs] : []));
    await expect.poll(delays).toEqual([1, 2, 4, 8, 8, 1, 2, 4, 8, 8]);
    expect(delayAfter(20, { random: () => 1 })).toBe(10_000);
  });

  test("one that cannot go on stops no other", async () => {
    const tenant = newTenant();
    const annals = open(tenant);
    const refused = run(annals, undefined, { scope: "all-tenants" });
    const good = run(annals);
    await expect
      .poll(() => refused.reports)
      .toContainEqual({ kind: "state", state: "failed", error: expect.any(Error) as unknown });
    await append(annals, 1);
    await expect.poll(() => positions(good.seen)).toEqual([1]);
  });

  test("a store that refuses the claim ends it", async () => {
    const annals = open();
    const store = annals.projections.store("all-tenants");
    const { runner, reports } = run(annals, undefined, { store });
    await failureOf(() => runner.rebuild(), "permission_denied");
    expect(await runner.health()).toMatchObject({
      state: "failed",
      error: { code: "permission_denied" },
    });
    expect(reports.filter(({ kind }) => kind === "store_failed")).toEqual([]);
  });

  test.each(["invalid_argument", "permission_denied", "unimplemented"] as const)(
    "a store that refuses a place ends it: %s",
    async (code) => {
      const annals = open();
      await append(annals, 1);
      const refusal = new AnnalsError<ErrorCode>(code, "no", {});
      const store = {
        ...createMemoryProjectionStore(),
        write: () => Promise.reject(refusal),
      };
      const { runner } = run(annals, undefined, { store });
      await expect.poll(async () => (await runner.health()).error).toBe(refusal);
      expect((await runner.health()).state).toBe("failed");
    },
  );

  test("a credential that never was good ends it; one that ran out is waited for", async () => {
    const annals = open();
    await append(annals, 1);
    const memory = createMemoryProjectionStore();
    const refuse = () => Promise.reject(new AnnalsError("unauthenticated", "no", {}));
    const never = run(annals, undefined, { store: { ...memory, acquire: refuse } });
    await failureOf(() => never.runner.rebuild(), "unauthenticated");
    let isExpired = true;
    const write: typeof memory.write = (claim, work) => {
      if (!isExpired) return memory.write(claim, work);
      isExpired = false;
      return refuse();
    };
    const expired = run(annals, undefined, { store: { ...memory, write } });
    await expect.poll(async () => (await expired.runner.health()).eventsBehind).toBe(0n);
    expect(expired.reports.filter(({ kind }) => kind === "store_failed")).toHaveLength(1);
  });

  test.each<Partial<ProjectionRunnerOptions<undefined>>>([
    { name: "" },
    { parallel: { by: "tenant", concurrency: 0 } },
    ...[0, -1, Number.NaN, Infinity, 2 ** 31].map((ttlMs) => ({ lease: { ttlMs } })),
    ...[0, Number.NaN, 2 ** 31].map((handlerTimeoutMs) => ({ handlerTimeoutMs })),
    ...[-1, Number.NaN, 2 ** 31].map((stopTimeoutMs) => ({ stopTimeoutMs })),
    ...[0, 1.5, Number.NaN].map((maxAttempts) => ({ retry: { maxAttempts } })),
    ...[-1, Number.NaN, Infinity].map((maxDelayMs) => ({ retry: { maxDelayMs } })),
  ])("options that make no sense are refused: %o", async (options) => {
    await failureOf(() => run(open(), undefined, options), "invalid_options");
  });

  test("no limit of time is none, and no limit of attempts", async () => {
    const annals = open();
    await append(annals, 1);
    let failures = 0;
    const handle = async (): Promise<void> => {
      await sleep(5); // a timer that overflows is over before
      if (++failures < 8) throw new Error("not yet");
    };
    const { seen, reports } = run(annals, handle, {
      handlerTimeoutMs: Infinity,
      stopTimeoutMs: Infinity,
      retry: { ...quick, maxAttempts: Infinity },
    });
    await expect.poll(() => positions(seen)).toEqual([1]);
    const retries = reports.filter((report) => report.kind === "retry");
    expect(retries.map(({ error }) => error)).toEqual(
      Array.from({ length: 7 }, () => new Error("not yet")),
    );
  });

  test.each<[string, () => unknown]>([
    ["without a prototype", (): unknown => Object.create(null)],
    ["a message that is no string", () => Object.assign(new Error("no"), { message: { n: 1 } })],
  ])("what cannot be told is put aside, too: %s", async (_, thrown) => {
    const annals = open();
    await append(annals, 2);
    const store = createMemoryProjectionStore();
    const { seen } = run(
      annals,
      ({ position }) => {
        if (position === 1n) throw thrown() as Error;
      },
      { store },
    );
    await expect.poll(() => positions(seen)).toEqual([2]);
    expect(await store.listDeadLetters("orders")).toMatchObject([{ position: 1n }]);
  });
});

describe("pause, stop, rebuild", () => {
  test("a pause takes effect inside a page and keeps the place; stop interrupts it", async () => {
    const annals = open();
    await append(annals, 5);
    const store = createMemoryProjectionStore();
    const first = run(
      annals,
      ({ position }) => {
        if (position === 2n) first.runner.pause();
      },
      { store },
    );
    await expect.poll(() => first.reports).toContainEqual({ kind: "state", state: "paused" });
    await expect.poll(async () => (await first.runner.health()).eventsBehind).toBe(3n);
    expect(positions(first.seen)).toEqual([1, 2]);
    await first.runner.stop();
    expect((await store.acquire("orders", undefined))?.place).toBe("2/");
    const second = run(annals, undefined, { store });
    await expect.poll(() => positions(second.seen)).toEqual([3, 4, 5]);
    second.runner.pause();
    second.runner.resume();
    await append(annals, 1);
    await expect.poll(() => positions(second.seen)).toEqual([3, 4, 5, 6]);
  });

  test("who passes the gate after a pause leaves no listener behind", async () => {
    const gate = new Gate();
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) {
      gate.close();
      const passing = gate.pass(signal);
      gate.open();
      await passing;
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("stop waits for the event in hand and keeps its place", async () => {
    const annals = open();
    await append(annals, 2);
    const store = createMemoryProjectionStore();
    const [begun, go] = [latch(), latch()];
    const first = run(
      annals,
      () => {
        begun.open();
        return go.opened;
      },
      { store },
    );
    await begun.opened;
    const stopped = first.runner.stop();
    go.open();
    await stopped;
    expect(positions(first.seen)).toEqual([1]);
    expect((await store.acquire("orders", undefined))?.place).toBe("1/");
    expect(first.reports).not.toContainEqual({ kind: "stopped_by_force" });
  });

  test("after the deadline it is stopped by force, and says so; the event comes again", async () => {
    const annals = open();
    await append(annals, 1);
    const store = createMemoryProjectionStore();
    const begun = latch();
    const stuck = run(
      annals,
      () => {
        begun.open();
        return new Promise(() => undefined);
      },
      { store, stopTimeoutMs: 5 },
    );
    await begun.opened;
    await stuck.runner.stop();
    expect(stuck.reports).toContainEqual({ kind: "stopped_by_force" });
    expect(await stuck.runner.health()).toMatchObject({ state: "stopped", error: undefined });
    const next = run(annals, undefined, { store });
    await expect.poll(() => positions(next.seen)).toEqual([1]);
  });

  test("a store that does not answer holds up no stop; if it answers later no handler begins", async () => {
    const annals = open();
    await append(annals, 1);
    const memory = createMemoryProjectionStore();
    const [asked, answer] = [latch(), latch()];
    let released = false;
    const { runner, seen, reports } = run(annals, undefined, {
      stopTimeoutMs: 5,
      start: { position: 0n },
      store: {
        ...memory,
        acquire: async (...claiming) => {
          asked.open();
          await answer.opened;
          return memory.acquire(...claiming);
        },
        release: (claim) => {
          released = true;
          return memory.release(claim);
        },
      },
    });
    const rebuilt = failureOf(() => runner.rebuild(), "cancelled");
    await asked.opened;
    await runner.stop();
    await rebuilt;
    expect((await runner.health()).state).toBe("stopped");
    answer.open();
    await expect.poll(() => released).toBe(true);
    expect(seen).toEqual([]);
    expect(reports.filter(({ kind }) => kind === "state")).toEqual([
      { kind: "state", state: "stopped" },
    ]);
  });

  test("a transaction that begins after the stop runs no handler", async () => {
    const annals = open();
    await append(annals, 1);
    const memory = createMemoryProjectionStore();
    const [asked, begin] = [latch(), latch()];
    let outcome: unknown;
    const write: typeof memory.write = async (claim, work) => {
      asked.open();
      await begin.opened;
      await memory.write(claim, work).catch((error: unknown) => {
        outcome = error;
        throw error;
      });
    };
    const { runner, seen } = run(annals, undefined, {
      stopTimeoutMs: 5,
      store: { ...memory, transactional: true, write },
    });
    await asked.opened;
    await runner.stop();
    begin.open();
    await expect.poll(() => outcome).toMatchObject({ cause: { code: "cancelled" } });
    expect(seen).toEqual([]);
    expect((await memory.acquire("orders", undefined))?.place).toBeUndefined();
  });

  test("a rebuild of a runner that was not started starts it, and replays", async () => {
    const annals = open();
    await append(annals, 3);
    const seen: DomainEvent[] = [];
    let truncated = 0;
    const runner = new ProjectionRunner(annals, {
      name: "orders",
      store: createMemoryProjectionStore(),
      projection: {
        handle: (event) => void seen.push(event),
        truncate: () => {
          truncated++;
        },
      },
    });
    onTestFinished(() => runner.stop());
    await runner.rebuild();
    expect([positions(seen), truncated]).toEqual([[1, 2, 3], 1]);
  });

  test.each([
    ["a word", "middle"],
    ["a negative position", { position: -1n }],
    ["a number", { position: 1 }],
    ["nothing", {}],
  ])("a start that is none is refused: %s", (_, start) => {
    const options = {
      name: "orders",
      store: createMemoryProjectionStore(),
      projection: { handle: () => undefined, truncate: () => undefined },
      start,
    } as unknown as ProjectionRunnerOptions<undefined>;
    expect(() => new ProjectionRunner(open(), options)).toThrow("start must be");
  });

  test("a rebuild tells how far it is", async () => {
    const annals = open();
    for (let i = 0; i < 3; i++) await append(annals, 1_000);
    const { runner, seen } = run(annals);
    const told: RebuildProgress[] = [];
    await runner.rebuild((progress) => {
      told.push(progress);
      throw new Error("nobody listens");
    });
    expect(seen).toHaveLength(3_000);
    expect(told.length).toBeGreaterThan(2);
    expect(told.every(({ end }) => end === 3_000n)).toBe(true);
    expect(told.map(({ through }) => through)).toEqual(
      told.map(({ through }) => through).toSorted((a, b) => Number(a - b)),
    );
    expect(told.at(-1)?.through).toBe(3_000n);
  });

  test("a rebuild empties and replays, over a poison event too", async () => {
    const annals = open();
    await append(annals, 4);
    const { runner, seen, reports } = run(annals, ({ position }) => {
      if (position === 3n) throw new Error("poison");
    });
    await expect.poll(() => reports).toContainEqual({ kind: "state", state: "live" });
    seen.push(...seen);
    await runner.rebuild();
    expect(positions(seen)).toEqual([1, 2, 4]);
    expect(await runner.health()).toMatchObject({ eventsBehind: 0n });
  });
});

test("a read model that cannot be emptied in passing is emptied later", async () => {
  const annals = open();
  await append(annals, 1);
  let failures = 0;
  const seen: bigint[] = [];
  const { runner, reports } = run(annals, undefined, {
    projection: {
      handle: ({ position }) => void seen.push(position),
      truncate: () => {
        seen.length = 0;
        if (++failures < 5) throw Object.assign(new Error("deadlock"), { code: "40P01" });
      },
    },
  });
  await runner.rebuild();
  expect(seen).toEqual([1n]);
  expect(reports.filter(({ kind }) => kind === "store_failed")).toHaveLength(4);
});

describe("a rebuild without a transaction", () => {
  test("that dies after the read model was emptied begins again in the next run", async () => {
    const annals = open();
    await append(annals, 3);
    const store = createMemoryProjectionStore();
    const first = run(annals, undefined, { store });
    await expect.poll(() => first.seen.length).toBe(3);
    await first.runner.stop();
    const readModel = new Set(positions(first.seen)).add(99);
    const emptied = latch();
    const projection = {
      handle: ({ position }: DomainEvent) => void readModel.add(Number(position)),
      truncate: () => {
        readModel.clear();
        emptied.open();
      },
    };
    const dying: ProjectionStore<undefined> = {
      ...store,
      write: async (claim, work) => {
        const progress = await work(undefined);
        if (readModel.size === 0) await new Promise(() => undefined);
        await store.write(claim, () => Promise.resolve(progress));
      },
    };
    // Never stopped: it is as good as dead.
    const dead = new ProjectionRunner(annals, { name: "orders", store: dying, projection });
    void dead.rebuild();
    await emptied.opened;
    run(annals, undefined, { store, projection });
    await expect.poll(() => [...readModel]).toEqual([1, 2, 3]);
  });

  test("that dies before the read model is emptied empties it in the next run", async () => {
    const annals = open();
    await append(annals, 3);
    const store = createMemoryProjectionStore();
    const readModel = new Set([99]);
    const begun = latch();
    const projection = {
      handle: ({ position }: DomainEvent) => void readModel.add(Number(position)),
      truncate: () => {
        begun.open();
        return new Promise<void>(() => undefined);
      },
    };
    const dead = new ProjectionRunner(annals, { name: "orders", store, projection });
    void dead.rebuild();
    await begun.opened;
    const truncate = () => {
      readModel.clear();
    };
    const next = run(annals, undefined, { store, projection: { ...projection, truncate } });
    await expect.poll(() => [...readModel]).toEqual([1, 2, 3]);
    await expect.poll(() => next.reports).toContainEqual({ kind: "state", state: "live" });
    await next.runner.stop();
    readModel.add(100);
    const after = run(annals, undefined, { store, projection: { ...projection, truncate } });
    await expect.poll(() => after.reports).toContainEqual({ kind: "state", state: "live" });
    expect([...readModel]).toEqual([1, 2, 3, 100]);
  });

  test("asked of one that another has taken over from leaves the read model alone", async () => {
    const annals = open();
    await append(annals, 3);
    const store = annals.projections.store();
    const readModel = new Set<number>();
    const projection = {
      handle: ({ position }: DomainEvent) => void readModel.add(Number(position)),
      truncate: () => {
        readModel.clear();
      },
    };
    const old = run(annals, undefined, { store, projection });
    await expect.poll(() => old.reports).toContainEqual({ kind: "state", state: "live" });
    const active = run(annals, undefined, { store, projection });
    await expect.poll(() => active.reports).toContainEqual({ kind: "state", state: "live" });
    await failureOf(() => old.runner.rebuild(), "projection_superseded");
    expect([...readModel]).toEqual([1, 2, 3]);
  });
});

describe("what a runner says of itself", () => {
  test("after a pause it is what it was", async () => {
    const { runner, reports } = run(open());
    await expect.poll(() => reports).toContainEqual({ kind: "state", state: "live" });
    runner.pause();
    expect((await runner.health()).state).toBe("paused");
    runner.resume();
    expect((await runner.health()).state).toBe("live");
    expect(reports.slice(-2)).toEqual([
      { kind: "state", state: "paused" },
      { kind: "state", state: "live" },
    ]);
  });

  test("once stopped it stays so: it neither pauses nor resumes, and rebuilds no more", async () => {
    const { runner } = run(open());
    await runner.stop();
    runner.pause();
    expect((await runner.health()).state).toBe("stopped");
    runner.resume();
    expect((await runner.health()).state).toBe("stopped");
    await failureOf(() => runner.rebuild(), "cancelled");
  });

  test("a rebuild that a stop cuts short is not done", async () => {
    const annals = open();
    await append(annals, 2);
    const [begun, go] = [latch(), latch()];
    const { runner } = run(annals, () => {
      begun.open();
      return go.opened;
    });
    const rebuilt = failureOf(() => runner.rebuild(), "cancelled");
    await begun.opened;
    const stopped = runner.stop();
    go.open();
    await Promise.all([rebuilt, stopped]);
  });
});

describe("batches and lanes", () => {
  test("a batch handler takes a page at once; when it throws, the events come one by one", async () => {
    const annals = open();
    await append(annals, 4);
    const batches: number[][] = [];
    const alone: number[] = [];
    run(annals, undefined, {
      projection: {
        handle: ({ position }) => void alone.push(Number(position)),
        handleBatch: (events) => {
          batches.push(positions(events));
          if (events.length === 2) throw new Error("not two");
        },
        truncate: () => undefined,
      },
    });
    await expect.poll(() => batches).toEqual([[1, 2, 3, 4]]);
    await append(annals, 2);
    await expect.poll(() => alone).toEqual([5, 6]);
  });

  test("aggregates go side by side, each in order; the place waits for the slowest", async () => {
    const annals = open();
    for (const id of ["slow", "a", "b", "a", "slow", "b"]) await append(annals, 1, id);
    const store = createMemoryProjectionStore();
    const slow = latch();
    const parallel = { by: "aggregate", concurrency: 3 } as const;
    const { seen } = run(
      annals,
      ({ aggregateId }) => (aggregateId === "slow" ? slow.opened : undefined),
      { store, parallel },
    );
    await expect.poll(() => positions(seen).sort()).toEqual([2, 3, 4, 6]);
    const of = (id: string) => positions(seen.filter(({ aggregateId }) => aggregateId === id));
    expect([of("a"), of("b")]).toEqual([
      [2, 4],
      [3, 6],
    ]);
    slow.open();
    await expect.poll(() => of("slow")).toEqual([1, 5]);
  });

  test("what is done behind an event that waits is not done again after a pause", async () => {
    const annals = open();
    for (const id of ["slow", "a", "slow", "b"]) await append(annals, 1, id);
    const slow = latch();
    const parallel = { by: "aggregate", concurrency: 3 } as const;
    const { runner, seen } = run(
      annals,
      ({ position }) => (position === 1n ? slow.opened : undefined),
      { parallel },
    );
    await expect.poll(() => positions(seen).sort()).toEqual([2, 4]);
    runner.pause();
    slow.open();
    await sleep(20); // the event in hand ends, and none is begun
    await expect.poll(() => positions(seen).at(-1)).toBe(1);
    runner.resume();
    await expect.poll(async () => (await runner.health()).eventsBehind).toBe(0n);
    expect(positions(seen).sort()).toEqual([1, 2, 3, 4]);
  });
});

describe("one active among several", () => {
  test("a lease keeps the second waiting until the first has stopped", async () => {
    const annals = open();
    const store = createMemoryProjectionStore();
    const lease = { ttlMs: 60 };
    await append(annals, 1);
    const first = run(annals, undefined, { store, lease });
    await expect.poll(() => positions(first.seen)).toEqual([1]);
    const second = run(annals, undefined, { store, lease });
    await expect.poll(() => second.reports).toContainEqual({ kind: "state", state: "standby" });
    await first.runner.stop();
    await append(annals, 1);
    await expect.poll(() => positions(second.seen)).toEqual([2]);
  });

  test("a renewal on its way at the stop does not take the lease again", async () => {
    const memory = createMemoryProjectionStore();
    const [begun, go] = [latch(), latch()];
    const order: string[] = [];
    const { runner } = run(open(), undefined, {
      lease: { ttlMs: 30 },
      store: {
        ...memory,
        renew: async () => {
          begun.open();
          await go.opened;
          order.push("renewed");
        },
        release: async (claim) => {
          order.push("released");
          await memory.release(claim);
        },
      },
    });
    await begun.opened;
    const stopped = runner.stop();
    await turn();
    go.open();
    await stopped;
    expect(order.at(-1)).toBe("released");
    expect(new Set(order)).toEqual(new Set(["renewed", "released"]));
  });

  test("a projection that is deleted while it runs ends its runner, and is not built twice", async () => {
    const annals = open();
    await append(annals, 2);
    const { runner, seen } = run(annals, undefined, {
      store: annals.projections.store(),
      lease: { ttlMs: 90 },
    });
    await expect.poll(async () => (await runner.health()).eventsBehind).toBe(0n);
    await annals.projections.delete("orders");
    await expect.poll(async () => (await runner.health()).state).toBe("failed");
    expect((await runner.health()).error).toMatchObject({ code: "projection_deleted" });
    expect(positions(seen)).toEqual([1, 2]);
  });

  test("a runner that stops lets the next one in at once", async () => {
    const annals = open();
    const store = createMemoryProjectionStore();
    const lease = { ttlMs: 60_000 };
    await append(annals, 1);
    const { runner, seen } = run(annals, undefined, { store, lease });
    await expect.poll(() => positions(seen)).toEqual([1]);
    await runner.stop();
    expect(await store.acquire("orders", 60_000)).toMatchObject({ place: "1/" });
  });

  test("one that has lost its lease stands by, though no event comes, and takes over again", async () => {
    const annals = open();
    const store = createMemoryProjectionStore();
    await append(annals, 1);
    const { runner, seen, reports } = run(annals, undefined, { store, lease: { ttlMs: 60 } });
    await expect.poll(async () => (await runner.health()).state).toBe("live");
    const other = (await store.acquire("orders", undefined))!; // takes it, whatever the lease
    await store.renew(other, 60_000);
    await expect.poll(() => reports.at(-1)).toMatchObject({ kind: "state", state: "standby" });
    await store.release(other);
    await append(annals, 1);
    await expect.poll(() => positions(seen)).toEqual([1, 2]);
  });

  test("one that slept while another took over writes nothing more", async () => {
    const annals = open();
    const store = createMemoryProjectionStore();
    await append(annals, 1);
    const [begun, wake] = [latch(), latch()];
    const sleeper = run(
      annals,
      () => {
        begun.open();
        return wake.opened;
      },
      { store },
    );
    await begun.opened;
    const next = run(annals, undefined, { store });
    await expect.poll(() => positions(next.seen)).toEqual([1]);
    wake.open();
    await expect
      .poll(() => sleeper.reports)
      .toContainEqual({ kind: "state", state: "failed", error: expect.any(Error) as unknown });
    const { error } = await sleeper.runner.health();
    expect(error).toMatchObject({ code: "projection_superseded" });
  });
});
