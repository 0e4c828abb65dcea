import { type NewEvent, sizeOfEvents } from "../../domain/event.js";
import { isExpected } from "../../domain/expected-version.js";
import type { Instant } from "../../domain/instant.js";
import type { StreamId } from "../../domain/stream.js";
import type { TenantId } from "../../domain/tenant.js";
import type { Appended, AppendIntent, AppendOutcome } from "../store.js";
import { streamKey } from "./known-heads.js";

/** What a batch is planned on. What is not in it is absent from the log. */
export interface LogState {
  /** When the batch is recorded. */
  readonly recordedAt: Instant;
  /** Last position of a tenant's log, 0 when it is empty. */
  tenant(tenantId: string): bigint;
  /** Version of a stream, by streamKey; 0 when it has no events. */
  stream(key: string): bigint;
  /** A tenant's event of an id. */
  event(tenantId: string, eventId: string): PlacedEvent | undefined;
}

/** Where an event stands. */
export interface PlacedEvent {
  readonly stream: StreamId;
  readonly version: bigint;
  readonly position: bigint;
  readonly recordedAt: Instant;
}

/** What to write, and what to answer once it is written. */
export interface BatchPlan {
  readonly outcomes: readonly AppendOutcome[];
  /** In the order of their global positions, which follow the log's without a gap. */
  readonly events: readonly PlannedEvent[];
  /** New head of each tenant that gets events. */
  readonly tenants: ReadonlyMap<TenantId, PlannedTenant>;
  /** New version of each stream that gets events, by streamKey. */
  readonly streams: ReadonlyMap<string, bigint>;
}

export interface PlannedTenant {
  readonly position: bigint;
  /** Of its new events, counted by sizeOfEvent. */
  readonly bytes: number;
}

export interface PlannedEvent extends PlacedEvent {
  readonly tenantId: TenantId;
  readonly event: NewEvent;
}

/** Decides a batch, in order: later appends see what the earlier ones will have done. */
export function planBatch(batch: readonly AppendIntent[], state: LogState): BatchPlan {
  const plan = new Planner(state);
  const outcomes = batch.map((intent) => plan.add(intent));
  return { outcomes, events: plan.events, tenants: plan.tenants, streams: plan.streams };
}

/** Names an event id of a tenant. */
export function eventKey(tenantId: string, eventId: string): string {
  return `${tenantId}\0${eventId}`;
}

class Planner {
  readonly events: PlannedEvent[] = [];
  readonly tenants = new Map<TenantId, PlannedTenant>();
  readonly streams = new Map<string, bigint>();
  /** By tenant and event id. */
  readonly #placed = new Map<string, Map<string, PlacedEvent>>();

  constructor(private readonly state: LogState) {}

  add(intent: AppendIntent): AppendOutcome {
    const { tenantId, stream, expected, events } = intent;
    for (const { eventId } of events) {
      if (!this.#find(tenantId, eventId)) continue;
      return (
        this.#repetitionOf(intent) ?? {
          ok: false,
          failure: { reason: "duplicate_event_id", eventId },
        }
      );
    }
    const key = streamKey(tenantId, stream);
    const actual = this.streams.get(key) ?? this.state.stream(key);
    if (!isExpected(expected, actual)) {
      return { ok: false, failure: { reason: "version_conflict", expected, actual } };
    }

    const { recordedAt } = this.state;
    const planned = this.tenants.get(tenantId);
    const before = planned?.position ?? this.state.tenant(tenantId);
    const placed = this.#placed.get(tenantId) ?? new Map<string, PlacedEvent>();
    this.#placed.set(tenantId, placed);
    let position = before;
    let version = actual;
    for (const event of events) {
      position++;
      version++;
      const planned = { tenantId, stream, version, position, recordedAt, event };
      this.events.push(planned);
      placed.set(event.eventId, planned);
    }
    const bytes = (planned?.bytes ?? 0) + sizeOfEvents(events);
    this.tenants.set(tenantId, { position, bytes });
    this.streams.set(key, version);
    return {
      ok: true,
      version,
      firstPosition: before + 1n,
      lastPosition: position,
      recordedAt,
      deduplicated: false,
    };
  }

  #find(tenantId: string, eventId: string): PlacedEvent | undefined {
    return this.#placed.get(tenantId)?.get(eventId) ?? this.state.event(tenantId, eventId);
  }

  /** The first result of this very append, if it was written before. */
  #repetitionOf({ tenantId, stream, events }: AppendIntent): Appended | undefined {
    let first: PlacedEvent | undefined;
    let last: PlacedEvent | undefined;
    for (const { eventId } of events) {
      const found = this.#find(tenantId, eventId);
      if (!found || !isSameStream(found.stream, stream)) return undefined;
      if (last && found.version !== last.version + 1n) return undefined;
      first ??= found;
      last = found;
    }
    if (!first || !last) return undefined;
    return {
      ok: true,
      version: last.version,
      firstPosition: first.position,
      lastPosition: last.position,
      recordedAt: last.recordedAt,
      deduplicated: true,
    };
  }
}

function isSameStream(a: StreamId, b: StreamId): boolean {
  return a.aggregateId === b.aggregateId && a.aggregateType === b.aggregateType;
}
