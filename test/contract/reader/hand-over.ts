import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RecordedEvent } from "#server/domain/event.js";
import { type EventFilter, matchesFilter, noFilter } from "#server/domain/filter.js";
import type { TenantId } from "#server/domain/tenant.js";
import { Followers } from "#server/reader/followers.js";
import { PageCache } from "#server/reader/page-cache.js";
import { Tail } from "#server/reader/tail.js";
import type { ServiceContext } from "#server/service/context.js";
import { followLog, followWholeLog, type LogStep } from "#server/service/follow-log.js";
import { followStream } from "#server/service/follow-stream.js";
import type { Store } from "#server/store/store.js";
import { AppendQuota } from "#server/tenants/append-quota.js";
import { TenantDirectory } from "#server/tenants/tenant-directory.js";
import { createWriter } from "#server/writer/writer.js";
import {
  any,
  logQuery,
  newEvents,
  newTenant,
  readLogToEnd,
  readWholeLogToEnd,
  wholeLogQuery,
} from "../../support/store-input.js";

/** Servers on one log. */
export interface HandOverContract {
  readonly name: string;
  /** Opens the store once for each server; the contract closes them. */
  readonly open: () => Promise<readonly Store[]>;
}

const pages = { maxEvents: 50, maxBytes: 100_000 };

/** A server's readers, with a tail so small that slow ones fall behind. */
async function contextOf(store: Store, tailBytes = 20_000): Promise<ServiceContext> {
  const onStoreError = (error: unknown): void => {
    throw error;
  };
  const writer = createWriter(store, () => BigInt(Date.now()) * 1000n, {
    ...{ maxQueuedAppends: 10_000, maxQueuedBytes: 1e9, maxBatchEvents: 2_000 },
    ...{ maxBatchBytes: 1e7, maxBatchesInFlight: 2, retryAfterMs: 1, onStoreError },
  });
  const tail = new Tail(store, { maxBytes: tailBytes, pages, onStoreError });
  const clock = (): bigint => BigInt(Date.now()) * 1000n;
  const tenants = await TenantDirectory.open(store.records, { defaults: {}, clock, onStoreError });
  return {
    ...{ store, writer, pages, foreignStreams: "deny", tenants, clock },
    quota: new AppendQuota(store, () => ({}), clock),
    pageCache: new PageCache(store, { maxBytes: 100_000, pageEvents: pages.maxEvents }),
    followers: new Followers(tail, 1_000),
    checkpoints: { everyPlaces: 20n, everyMs: 50 },
    storeTraceparent: false,
  };
}

/** A reader that dies now and then, and goes on from the last place it was told. */
interface Reader {
  readonly seen: RecordedEvent[];
  readonly places: bigint[];
  readonly expected: (event: RecordedEvent) => boolean;
  done: Promise<void>;
}

export function describeHandOver({ name, open }: HandOverContract): void {
  describe(`followers on ${name}`, () => {
    let contexts: ServiceContext[];
    beforeAll(async () => {
      contexts = await Promise.all((await open()).map((store) => contextOf(store)));
    });
    afterAll(async () => {
      await Promise.all(contexts.map(({ writer }) => writer.drain()));
      await Promise.all(contexts.map(({ tenants }) => tenants[Symbol.asyncDispose]()));
      for (const { followers } of contexts) expect(followers.all.size).toBe(0);
      await Promise.all(contexts.map(({ store }) => store.close()));
    });

    test("readers that start anywhere, stall, die and resume see each event once, in order", async () => {
      const [home] = contexts as [ServiceContext];
      const tenants = [newTenant(), newTenant()] as const;
      const before = (await home.store.getWholeHead()).cursor;
      const writing = new AbortController();
      const reading = new AbortController();
      const writers = Array.from({ length: 8 }, (_, i) =>
        write(contexts[i % contexts.length]!, tenants[i % 2]!, i, writing.signal),
      );
      const readers: Reader[] = [];
      for (let i = 0; i < 50; i++) {
        const context = contexts[i % contexts.length]!;
        const tenantId = tenants[i % 2]!;
        readers.push(await startReader(context, tenantId, i, before, reading.signal));
        await sleep(Math.random() * 20);
      }
      await sleep(500);
      writing.abort();
      await Promise.all(writers);

      const { store } = home;
      const whole = await readWholeLogToEnd(store, wholeLogQuery({ from: before }));
      for (const tenantId of tenants) {
        const log = await readLogToEnd(store, logQuery(tenantId));
        expect(log.length).toBeGreaterThan(100);
      }
      for (const { seen, expected } of readers) {
        const wanted = whole.filter(expected).map((event) => event.globalPosition);
        await expect
          .poll(() => seen.length, { timeout: 20_000, interval: 20 })
          .toBeGreaterThanOrEqual(wanted.length);
        expect(seen.map((event) => event.globalPosition)).toEqual(wanted);
      }
      reading.abort();
      await Promise.all(readers.map(({ done }) => done));
      for (const { places } of readers) {
        expect(places).toEqual([...places].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
      }
    }, 60_000);

    test("a filter for which nothing matches still moves on, live too", async () => {
      const [{ store, writer, followers }] = contexts as [ServiceContext];
      const context = contexts[0]!;
      const tenantId = newTenant();
      const stop = new AbortController();
      const filter = { ...noFilter, eventTypes: ["Never"] };
      const steps = followLog(
        context,
        tenantId,
        { from: 0n, filter, limit: undefined },
        stop.signal,
      );
      const told: bigint[] = [];
      const reading = ended(steps, (step) => {
        if (step.kind !== "head") told.push(step.scannedTo);
        if (step.kind === "page") expect.fail("nothing matches");
      });
      await expect.poll(() => told).toEqual([0n]); // caught up
      for (let i = 0; i < 30; i++) {
        const stream = { aggregateType: "Order", aggregateId: `o-${i}` };
        await writer.append({ tenantId, stream, expected: any, events: newEvents(1) });
      }
      await expect.poll(() => told.at(-1)).toBe(30n);
      expect((await store.getHead(tenantId)).position).toBe(30n);
      expect([...followers.all].map(({ events }) => events)).toEqual([0]);
      stop.abort();
      await reading;
    });

    test("a stream is followed from before its first event, and not its tenant's others", async () => {
      const context = contexts[0]!;
      const { writer } = context;
      const tenantId = newTenant();
      const [stream, other] = ["a", "b"].map((aggregateId) => ({
        aggregateType: "T",
        aggregateId,
      }));
      const stop = new AbortController();
      const versions: bigint[] = [];
      const kinds: string[] = [];
      const reading = ended(
        followStream(
          context,
          tenantId,
          stream!,
          { fromVersion: 1n, limit: undefined },
          { signal: stop.signal, onHiddenForeign: () => undefined },
        ),
        (step) => {
          kinds.push(step.kind);
          if (step.kind !== "page") return;
          versions.push(...step.events.map((event) => event.aggregateVersion));
        },
      );
      await expect.poll(() => kinds).toEqual(["stream", "caught_up"]);
      const target = [stream!, other!];
      for (let i = 0; i < 100; i++) {
        const events = newEvents(1 + (i % 3));
        await writer.append({ tenantId, stream: target[i % 2]!, expected: any, events });
      }
      const { version } = (await context.store.getStream(tenantId, stream!))!;
      await expect.poll(() => versions.length).toBe(Number(version));
      expect(versions).toEqual(versions.map((_, i) => BigInt(i + 1)));
      stop.abort();
      await reading;
    });
  });
}

async function write(
  { writer }: ServiceContext,
  tenantId: TenantId,
  id: number,
  stop: AbortSignal,
): Promise<void> {
  for (let i = 0; !stop.aborted; i++) {
    const stream = {
      aggregateType: i % 3 === 0 ? "Rare" : "Often",
      aggregateId: `s-${id}-${i % 5}`,
    };
    const events = newEvents(1 + (i % 4), { eventType: i % 2 === 0 ? "Even" : "Odd" });
    const outcome = await writer.append({ tenantId, stream, expected: any, events });
    if (!outcome.ok) throw new Error(outcome.failure.reason);
    if (i % 10 === 0) await sleep(1);
  }
}

const filters: readonly EventFilter[] = [
  noFilter,
  { ...noFilter, aggregateTypes: ["Rare"] },
  { ...noFilter, eventTypes: ["Even"], aggregateIds: ["s-1-0", "s-2-1", "s-4-4"] },
  { ...noFilter, eventTypePrefixes: ["Od"] },
];

/** The i-th of many kinds of readers: of a tenant or of all, filtered or not, slow or not, dying or not. */
async function startReader(
  context: ServiceContext,
  tenantId: TenantId,
  i: number,
  beginning: string,
  stop: AbortSignal,
): Promise<Reader> {
  const filter = filters[i % filters.length]!;
  const whole = i % 5 === 0;
  const slow = i % 3 === 0;
  const mortal = i % 4 !== 0;
  const { store } = context;
  const fromHead = i % 7 === 0;
  const base = store.placeOf(beginning);
  let place = whole ? base : 0n;
  if (fromHead) {
    place = whole
      ? (await store.getWholeHead()).globalPosition
      : (await store.getHead(tenantId)).position;
  }
  const from = place;
  const isWanted = (event: RecordedEvent): boolean =>
    matchesFilter(filter, event) &&
    (whole ? event.globalPosition > from : event.tenantId === tenantId && event.position > from);
  const reader: Reader = { seen: [], places: [], expected: isWanted, done: Promise.resolve() };

  const life = async (): Promise<void> => {
    const death = new AbortController();
    const signal = AbortSignal.any([stop, death.signal]);
    const command = { filter, limit: undefined };
    const steps: AsyncIterable<LogStep<unknown>> = whole
      ? followWholeLog(context, { ...command, from: store.cursorOf(place) }, signal)
      : followLog(context, tenantId, { ...command, from: place }, signal);
    let left = mortal ? 5 + Math.floor(Math.random() * 30) : Infinity;
    let caughtUp = 0;
    await ended(steps, async (step) => {
      if (step.kind === "head" || death.signal.aborted) return;
      if (step.kind === "page") reader.seen.push(...step.events);
      if (step.kind === "caught_up") caughtUp++;
      if (step.kind === "fell_behind") caughtUp--;
      expect([0, 1]).toContain(caughtUp);
      place = step.scannedTo;
      reader.places.push(place);
      if (slow) await sleep(Math.random() * 15);
      if (--left <= 0) death.abort();
    });
  };
  reader.done = (async () => {
    while (!stop.aborted) await life();
  })();
  return reader;
}

/** Reads steps until the reader is aborted. */
async function ended<Step>(
  steps: AsyncIterable<Step>,
  take: (step: Step) => void | Promise<void>,
): Promise<void> {
  try {
    for await (const step of steps) await take(step);
  } catch (error) {
    expect(error).toMatchObject({ failure: { reason: "cancelled" } });
  }
}
