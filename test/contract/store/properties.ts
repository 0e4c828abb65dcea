import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect } from "vitest";
import type { ExpectedVersion } from "#server/domain/expected-version.js";
import { type EventFilter, matchesFilter } from "#server/domain/filter.js";
import type { StreamId } from "#server/domain/stream.js";
import type { TenantId } from "#server/domain/tenant.js";
import type { AppendIntent, AppendOutcome, Store } from "#server/store/store.js";
import {
  any,
  exactly,
  newTenant,
  noStream,
  readLogToEnd,
  readWholeLogToEnd,
  someTime,
  streamExists,
  streamQuery,
  wholeLogQuery,
  wholly,
} from "../../support/store-input.js";
import { StoreModel } from "./model.js";
import { describeTheme, type StoreContract } from "./theme.js";

const aggregateTypes = ["Order", "Cart 😀"];
const aggregateIds = ["1", "%_"];
const eventTypes = ["a", "ab", "a%", "😀b", "😀"];
const tags = ["x", "y", "x'"];
/** Few, so that appends often repeat them. */
const idCount = 14;

const eventParts = fc.record({
  eventType: fc.constantFrom(...eventTypes),
  occurredAt: fc.option(fc.bigInt(-9n, 9n), { nil: undefined }),
  data: fc.uint8Array({ maxLength: 300 }),
  contentType: fc.constantFrom("", "application/json"),
  metadata: fc.dictionary(fc.constantFrom("k", "é"), fc.string({ unit: "grapheme" }), {
    noNullPrototype: true,
  }),
  correlationId: fc.constantFrom("", "c"),
  causationId: fc.constantFrom("", "d"),
  tags: fc.subarray(tags),
});

const run = fc
  .tuple(fc.nat(idCount - 1), fc.integer({ min: 1, max: 3 }))
  .map(([first, length]) => Array.from({ length }, (_, i) => (first + i) % idCount));

const ids = fc.oneof(run, fc.uniqueArray(fc.nat(idCount - 1), { minLength: 1, maxLength: 3 }));

const expectation: fc.Arbitrary<ExpectedVersion> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(any) },
  fc.constantFrom(noStream, streamExists),
  fc.bigInt(0n, 5n).map(exactly),
);

const appendOf = fc.record({
  tenant: fc.nat(2),
  stream: fc.record({
    aggregateType: fc.constantFrom(...aggregateTypes),
    aggregateId: fc.constantFrom(...aggregateIds),
  }),
  expected: expectation,
  events: ids.chain((numbers) =>
    fc.tuple(...numbers.map((id) => eventParts.map((parts) => ({ id, parts })))),
  ),
});

const batches = fc.array(
  fc.record({
    appends: fc.array(appendOf, { minLength: 1, maxLength: 6 }),
    /** How far the clock went on, or back. */
    tick: fc.bigInt(-6n, 12n),
  }),
  { minLength: 1, maxLength: 8 },
);

const instant = fc.option(fc.bigInt(-2n, 30n), { nil: undefined });

const filter = fc.record({
  aggregateTypes: fc.subarray(aggregateTypes),
  aggregateIds: fc.oneof(fc.constant([]), fc.subarray(aggregateIds)),
  eventTypes: fc.oneof(fc.constant([]), fc.subarray(eventTypes)),
  eventTypePrefixes: fc.oneof(fc.constant([]), fc.subarray(["a", "😀", "a%", "b"])),
  tags: fc.oneof(fc.constant([]), fc.subarray(tags)),
  recordedFrom: instant,
  recordedBefore: instant,
});

const read = fc.record({
  tenant: fc.nat(2),
  stream: appendOf.map((append) => append.stream),
  direction: fc.constantFrom("forwards", "backwards"),
  from: fc.bigInt(0n, 20n),
  to: fc.bigInt(0n, 20n),
  filter,
  /** Of the whole log. */
  ofTenants: fc.subarray([0, 1, 2] as const),
  maxEvents: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(1_000)),
  maxBytes: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.constant(1_000_000)),
});

export function describeProperties(contract: StoreContract): void {
  describeTheme(contract, "properties", ({ testAlone }) => {
    testAlone("random appends and reads answer what a model of the log answers", async (store) => {
      await fc.assert(
        fc.asyncProperty(batches, fc.array(read, { maxLength: 8 }), async (writes, reads) => {
          const head = await store.getWholeHead();
          // Each run writes to tenants of its own, behind what earlier runs wrote.
          const start = head.recordedAt ?? someTime;
          const model = new StoreModel(head.globalPosition, head.recordedAt);
          const tenants = [newTenant(), newTenant(), newTenant()] as const;
          const eventIds = Array.from({ length: idCount }, () => randomUUID());

          for (const { appends, tick } of writes) {
            const intents = appends.map(({ tenant, stream, expected, events }) => ({
              tenantId: tenants[tenant]!,
              stream,
              expected,
              events: events.map(({ id, parts }) => ({ ...parts, eventId: eventIds[id]! })),
            }));
            for (const batch of byLane(store, intents)) {
              const expected: AppendOutcome[] = batch.map((i) => model.append(i, start + tick));
              expect(await store.append(batch, start + tick)).toEqual(expected);
            }
          }
          await expectHeads(store, model, tenants, head.globalPosition);
          for (const one of reads) {
            const filter = {
              ...one.filter,
              tenantIds: [],
              recordedFrom: add(start, one.filter.recordedFrom),
              recordedBefore: add(start, one.filter.recordedBefore),
            };
            const tenantId = tenants[one.tenant]!;
            await expectLog(store, model, tenantId, { ...one, filter });
            await expectStream(store, model, tenantId, { ...one, filter });
            await expectWholeLog(store, model, head.cursor, {
              ...one,
              filter: { ...filter, tenantIds: one.ofTenants.map((i) => tenants[i]) },
            });
          }
        }),
        { numRuns: 150, interruptAfterTimeLimit: 12_000 },
      );
    });
  });
}

type Read = Omit<typeof read extends fc.Arbitrary<infer T> ? T : never, "direction" | "filter"> & {
  readonly filter: EventFilter;
  readonly direction: "forwards" | "backwards";
};

async function expectHeads(
  store: Store,
  model: StoreModel,
  tenants: readonly TenantId[],
  globalBase: bigint,
): Promise<void> {
  const whole = await store.getWholeHead();
  expect(whole.globalPosition).toBe(globalBase + BigInt(model.events.length));
  for (const tenantId of tenants) {
    const log = model.logOf(tenantId);
    expect(await store.getHead(tenantId)).toEqual({
      position: BigInt(log.length),
      recordedAt: log.at(-1)?.recordedAt,
    });
    for (const event of log) expect(await store.getEvent(tenantId, event.eventId)).toEqual(event);
    for (const aggregateType of aggregateTypes) {
      for (const aggregateId of aggregateIds) {
        const stream: StreamId = { aggregateType, aggregateId };
        const events = model.streamOf(tenantId, stream);
        const info = events[0] && {
          version: BigInt(events.length),
          createdAt: events[0].recordedAt,
          updatedAt: events.at(-1)?.recordedAt,
        };
        expect(await store.getStream(tenantId, stream)).toEqual(info);
      }
    }
  }
}

async function expectLog(
  store: Store,
  model: StoreModel,
  tenantId: TenantId,
  query: Read,
): Promise<void> {
  const { direction, from, to } = query;
  const forwards = direction === "forwards";
  const picked = model
    .logOf(tenantId)
    .filter(({ position }) =>
      forwards ? position > from && position <= to : position < from && position >= to,
    )
    .filter((event) => matchesFilter(query.filter, event));
  const events = await readLogToEnd(store, { ...query, tenantId });
  expect(events.map(wholly)).toEqual(forwards ? picked : picked.reverse());
}

async function expectStream(
  store: Store,
  model: StoreModel,
  tenantId: TenantId,
  { stream, direction, from, to, maxEvents, maxBytes }: Read,
): Promise<void> {
  const picked = model
    .streamOf(tenantId, stream)
    .filter((event) => event.aggregateVersion >= from && event.aggregateVersion <= to);
  if (direction === "backwards") picked.reverse();
  const query = streamQuery(tenantId, stream, {
    direction,
    fromVersion: from,
    toVersion: to,
    maxEvents,
    maxBytes,
  });
  const page = await store.readStream(query);
  expect(page.events.map(wholly)).toEqual(picked.slice(0, page.events.length));
  expect(page.atEnd).toBe(page.events.length === picked.length);
  expect(page.events.length).toBeLessThanOrEqual(maxEvents);
  if (picked.length > 0) expect(page.events.length).toBeGreaterThan(0);
}

async function expectWholeLog(
  store: Store,
  model: StoreModel,
  base: string,
  { direction, filter, maxEvents, maxBytes }: Read,
): Promise<void> {
  const picked = model.events.filter((event) => matchesFilter(filter, event));
  const forwards = direction === "forwards";
  const bounds = { direction, filter, maxEvents, maxBytes };
  if (forwards) {
    const events = await readWholeLogToEnd(store, wholeLogQuery({ ...bounds, from: base }));
    expect(events.map(wholly)).toEqual(picked);
  } else {
    const tenants = new Set(model.events.map((event) => event.tenantId));
    const events = await readWholeLogToEnd(store, wholeLogQuery({ ...bounds, to: base }));
    // `to` is inclusive, and marks an event of an earlier run.
    const own = events.filter((event) => tenants.has(event.tenantId));
    expect(own.map(wholly)).toEqual(picked.reverse());
  }
}

/** Splits appends into batches of one lane each, as the writer does. */
function byLane(store: Store, intents: readonly AppendIntent[]): AppendIntent[][] {
  const batches: AppendIntent[][] = [];
  for (const intent of intents) {
    const batch = batches.at(-1);
    const [first] = batch ?? [];
    const sameLane = first && store.laneOf(first.tenantId) === store.laneOf(intent.tenantId);
    if (batch && sameLane) batch.push(intent);
    else batches.push([intent]);
  }
  return batches;
}

function add(start: bigint, instant: bigint | undefined): bigint | undefined {
  return instant === undefined ? undefined : start + instant;
}
