import { randomUUID } from "node:crypto";
import type { NewEvent, RecordedEvent } from "#server/domain/event.js";
import type { ExpectedVersion } from "#server/domain/expected-version.js";
import { noFilter } from "#server/domain/filter.js";
import type { Instant } from "#server/domain/instant.js";
import type { StreamId } from "#server/domain/stream.js";
import { parseTenantId, type TenantId } from "#server/domain/tenant.js";
import type {
  Appended,
  AppendIntent,
  AppendOutcome,
  LogQuery,
  Store,
  StreamQuery,
  WholeLogQuery,
} from "#server/store/store.js";

/** 2023-11-14T22:13:20Z: the writer's clock of tests that do not turn it. */
export const someTime: Instant = 1_700_000_000_000_000n;

/** The highest place that a request can name. */
export const highestPlace = 2n ** 63n - 1n;

export const any: ExpectedVersion = { kind: "any" };
export const noStream: ExpectedVersion = { kind: "no_stream" };
export const streamExists: ExpectedVersion = { kind: "stream_exists" };
export const exactly = (version: bigint): ExpectedVersion => ({ kind: "exactly", version });

export function newTenant(): TenantId {
  return parseTenantId(randomUUID(), "tenant");
}

export function newStream(aggregateType = "Order"): StreamId {
  return { aggregateType, aggregateId: randomUUID() };
}

export function newEvent(parts: Partial<NewEvent> = {}): NewEvent {
  return {
    eventId: randomUUID(),
    eventType: "OrderPlaced",
    occurredAt: undefined,
    data: new Uint8Array([1, 2, 3]),
    contentType: "application/json",
    metadata: {},
    correlationId: "",
    causationId: "",
    tags: [],
    ...parts,
  };
}

/** Fresh events, as many as asked for. */
export function newEvents(count: number, parts: Partial<NewEvent> = {}): NewEvent[] {
  return Array.from({ length: count }, () => newEvent(parts));
}

/** One append in a batch of its own. */
export async function append(
  store: Store,
  intent: AppendIntent,
  now: Instant = someTime,
): Promise<AppendOutcome> {
  const [outcome, ...others] = await store.append([intent], now);
  if (!outcome || others.length > 0) throw new Error("one append wants one outcome");
  return outcome;
}

/** One append that has to succeed. */
export async function appendOk(
  store: Store,
  tenantId: TenantId,
  stream: StreamId,
  events: readonly NewEvent[],
  now: Instant = someTime,
): Promise<Appended> {
  const outcome = await append(store, { tenantId, stream, expected: any, events }, now);
  if (!outcome.ok) throw new Error(`the append failed: ${outcome.failure.reason}`);
  return outcome;
}

const wide = { maxEvents: 1_000_000, maxBytes: 1_000_000_000, direction: "forwards" } as const;

/** All of a stream, unless told otherwise. */
export function streamQuery(
  tenantId: TenantId,
  stream: StreamId,
  parts: Partial<StreamQuery> = {},
): StreamQuery {
  return { ...wide, tenantId, stream, fromVersion: 1n, toVersion: highestPlace, ...parts };
}

/** All of a tenant's log, unless told otherwise. */
export function logQuery(tenantId: TenantId, parts: Partial<LogQuery> = {}): LogQuery {
  const [from, to] = parts.direction === "backwards" ? [highestPlace, 0n] : [0n, highestPlace];
  return { ...wide, tenantId, from, to, filter: noFilter, ...parts };
}

/** The whole log, unless told otherwise. */
export function wholeLogQuery(parts: Partial<WholeLogQuery> = {}): WholeLogQuery {
  return { ...wide, from: "", to: "", filter: noFilter, ...parts };
}

/** Reads page by page until the end; every page has to get on. */
export async function readLogToEnd(store: Store, query: LogQuery): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (let from = query.from; ;) {
    const page = await store.readLog({ ...query, from });
    if (page.events.length > query.maxEvents) throw new Error("the page has too many events");
    events.push(...page.events.map(wholly));
    if (page.atEnd) return events;
    const advances = query.direction === "forwards" ? page.scannedTo > from : page.scannedTo < from;
    if (!advances) throw new Error("the page does not get on");
    from = page.scannedTo;
  }
}

/** Reads page by page until the end; every page has to get on. */
export async function readWholeLogToEnd(
  store: Store,
  query: WholeLogQuery,
): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (let from = query.from; ;) {
    const page = await store.readWholeLog({ ...query, from });
    if (page.events.length > query.maxEvents) throw new Error("the page has too many events");
    events.push(...page.events.map(wholly));
    if (page.atEnd) return events;
    if (page.scannedTo === from) throw new Error("the page does not get on");
    from = page.scannedTo;
  }
}

export function idsOf(events: readonly { readonly eventId: string }[]): string[] {
  return events.map((event) => event.eventId);
}

/** The numbers 1 to n. */
export function oneTo(n: number): bigint[] {
  return Array.from({ length: n }, (_, i) => BigInt(i + 1));
}

/** Every field of an event, which may be one that decodes them when they are asked for. */
export function wholly(event: RecordedEvent): RecordedEvent {
  const { tenantId, eventId, aggregateType, aggregateId, eventType, aggregateVersion } = event;
  const { position, globalPosition, occurredAt, recordedAt, data, contentType } = event;
  const { metadata, correlationId, causationId, tags } = event;
  return {
    ...{ tenantId, eventId, aggregateType, aggregateId, eventType, aggregateVersion },
    ...{ position, globalPosition, occurredAt, recordedAt, data, contentType },
    ...{ metadata, correlationId, causationId, tags },
  };
}
