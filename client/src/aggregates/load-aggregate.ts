import type { CallOptions } from "../connection/connection.js";
import { AnnalsError, isAnnalsError } from "../connection/errors.js";
import type { Annals } from "../event-store/annals.js";
import type { ReadOptions } from "../event-store/read.js";
import type { DomainEvent } from "../events/domain-event.js";
import type { RawEvent } from "../events/unknown-events.js";
import type { AggregateRoot } from "./aggregate-root.js";

/** A state from which a load may go on, in place of replaying everything. */
export interface KnownState {
  readonly state: unknown;
  /** 1n or more: version of the last event in the state. */
  readonly version: bigint;
  /** That event, where it is known. */
  readonly lastEvent: Pick<DomainEvent, "eventId" | "tenantId"> | undefined;
}

/** From where a load may go on, and what is known of the aggregate's snapshot. */
export interface StartingPoint {
  /** Undefined: there is a snapshot, which cannot be used. */
  readonly known: KnownState | undefined;
  readonly snapshot: SnapshotMark | undefined;
}

/** What is known of an aggregate's snapshot. */
export interface SnapshotMark {
  /** When the server saved it, in milliseconds since 1970. */
  readonly savedAtMs: number;
  /** False: it was of no use, and is to be made anew at the next save. */
  readonly usable: boolean;
}

type AnyAggregate = AggregateRoot<unknown, never>;

/** How an aggregate's events are read. */
export interface ReplayOptions extends CallOptions {
  /** What becomes of events that no definition of the client names. */
  readonly unknownEvents: "json" | "fail" | "skip";
}

/**
 * Replays a stream into an aggregate without events.
 *
 * @param asOf a version, or a time by recordedAt, both inclusive. Default: everything
 * @returns its last event
 * @throws AnnalsError aggregate_not_found, also when its first event came after `asOf`
 */
export async function replayAll(
  annals: Annals,
  aggregate: AnyAggregate,
  options: ReplayOptions,
  asOf?: bigint | Date,
): Promise<DomainEvent> {
  const bound = typeof asOf === "bigint" ? { toVersion: asOf } : {};
  let last: DomainEvent | undefined;
  for await (const event of eventsOf(annals, aggregate, { ...options, ...bound })) {
    if (asOf instanceof Date && event.recordedAt > asOf) break;
    replay(aggregate, event);
    last = event;
  }
  return last ?? notFound(aggregate);
}

/**
 * Goes on from a known state. The last event that is in it is read again: so whose the state is,
 * and that the log holds it, is seen and not believed.
 *
 * @returns the stream's last event; undefined, and the aggregate as it was, when the log does not
 *   hold that event: then the state is of no use
 * @throws AnnalsError aggregate_not_found
 */
export async function replayTail(
  annals: Annals,
  aggregate: AnyAggregate,
  { state, version, lastEvent }: KnownState,
  options: ReplayOptions,
): Promise<DomainEvent | undefined> {
  let last: DomainEvent | undefined;
  for await (const event of eventsOf(annals, aggregate, { ...options, fromVersion: version })) {
    if (last) {
      replay(aggregate, event);
    } else {
      const same =
        !lastEvent ||
        (event.eventId === lastEvent.eventId && event.tenantId === lastEvent.tenantId);
      if (event.aggregateVersion !== version || !same) return undefined;
      aggregate.restore(state, version, event.tenantId);
    }
    last = event;
  }
  return last;
}

async function* eventsOf(
  annals: Annals,
  aggregate: AnyAggregate,
  { unknownEvents, ...options }: ReplayOptions & Pick<ReadOptions, "fromVersion" | "toVersion">,
): AsyncGenerator<DomainEvent | RawEvent, void, undefined> {
  const { aggregateType, aggregateId } = aggregate;
  // One that is skipped still counts as a version.
  const choice = unknownEvents === "skip" ? "raw" : unknownEvents;
  try {
    yield* annals.read({ aggregateType, aggregateId }, { ...options, unknownEvents: choice });
  } catch (cause) {
    if (!isAnnalsError(cause, "stream_not_found")) throw cause;
    notFound(aggregate, cause);
  }
}

function replay(aggregate: AnyAggregate, event: DomainEvent | RawEvent): void {
  if ("contentType" in event) aggregate.passOver(event);
  else aggregate.replay(event);
}

function notFound({ aggregateType, aggregateId }: AnyAggregate, cause?: unknown): never {
  const message = `${aggregateType} ${aggregateId} does not exist`;
  const extras = cause === undefined ? {} : { cause };
  throw new AnnalsError("aggregate_not_found", message, { aggregateType, aggregateId }, extras);
}
