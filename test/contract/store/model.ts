import type { RecordedEvent } from "#server/domain/event.js";
import type { Instant } from "#server/domain/instant.js";
import type { StreamId } from "#server/domain/stream.js";
import type { TenantId } from "#server/domain/tenant.js";
import type { AppendIntent, AppendOutcome } from "#server/store/store.js";

/** What a store should hold: one list of events, asked by looking through it. */
export class StoreModel {
  readonly events: RecordedEvent[] = [];

  /**
   * @param globalBase events that were in the whole log before
   * @param latest when the last of them was recorded, if there is one
   */
  constructor(
    private readonly globalBase: bigint,
    private latest: Instant | undefined,
  ) {}

  append(intent: AppendIntent, now: Instant): AppendOutcome {
    const { tenantId, stream, expected, events } = intent;
    const log = this.logOf(tenantId);
    const known = events.find(({ eventId }) => log.some((event) => event.eventId === eventId));
    const before = this.streamOf(tenantId, stream);
    if (known) {
      const ids = before.map((event) => event.eventId);
      const at = ids.indexOf(events[0]?.eventId ?? "");
      const there = before.slice(at, at + events.length);
      const same =
        at >= 0 &&
        there.length === events.length &&
        there.every((event, i) => event.eventId === events[i]?.eventId);
      return same
        ? answer(there, true)
        : { ok: false, failure: { reason: "duplicate_event_id", eventId: known.eventId } };
    }
    const actual = BigInt(before.length);
    const wanted = {
      any: true,
      no_stream: actual === 0n,
      stream_exists: actual !== 0n,
      exactly: expected.kind === "exactly" && expected.version === actual,
    }[expected.kind];
    if (!wanted) return { ok: false, failure: { reason: "version_conflict", expected, actual } };
    const recordedAt = this.latest === undefined || now > this.latest ? now : this.latest;
    this.latest = recordedAt;
    const recorded = events.map((event, i) => ({
      ...event,
      ...stream,
      tenantId,
      occurredAt: event.occurredAt ?? recordedAt,
      recordedAt,
      aggregateVersion: BigInt(before.length + i + 1),
      position: BigInt(log.length + i + 1),
      globalPosition: this.globalBase + BigInt(this.events.length + i + 1),
    }));
    this.events.push(...recorded);
    return answer(recorded, false);
  }

  logOf(tenantId: TenantId): RecordedEvent[] {
    return this.events.filter((event) => event.tenantId === tenantId);
  }

  streamOf(tenantId: TenantId, { aggregateType, aggregateId }: StreamId): RecordedEvent[] {
    return this.logOf(tenantId).filter(
      (event) => event.aggregateType === aggregateType && event.aggregateId === aggregateId,
    );
  }
}

function answer(events: readonly RecordedEvent[], deduplicated: boolean): AppendOutcome {
  const [first, last] = [events[0], events.at(-1)];
  if (!first || !last) throw new Error("an append has at least one event");
  return {
    ok: true,
    version: last.aggregateVersion,
    firstPosition: first.position,
    lastPosition: last.position,
    recordedAt: last.recordedAt,
    deduplicated,
  };
}
