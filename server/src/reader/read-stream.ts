import { throwIfAborted } from "../domain/abort.js";
import type { RecordedEvent } from "../domain/event.js";
import type { Direction } from "../domain/log.js";
import type { StreamId } from "../domain/stream.js";
import type { TenantId } from "../domain/tenant.js";
import type { PageBounds, Store } from "../store/store.js";

/** Which events of a stream, in which order. Versions are inclusive. */
export interface StreamRange {
  readonly fromVersion: bigint;
  readonly toVersion: bigint;
  readonly direction: Direction;
  /** Most events; undefined: all. */
  readonly limit: bigint | undefined;
}

/** A stream's events in pages, each pulled from the store when it is asked for. */
export async function* readStreamPages(
  store: Store,
  tenantId: TenantId,
  stream: StreamId,
  range: StreamRange,
  bounds: PageBounds,
  signal?: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[], void, undefined> {
  let { fromVersion, toVersion } = range;
  let left = range.limit;
  while (left !== 0n && fromVersion <= toVersion) {
    throwIfAborted(signal);
    const { events, atEnd } = await store.readStream(
      {
        tenantId,
        stream,
        fromVersion,
        toVersion,
        direction: range.direction,
        maxEvents: atMost(bounds.maxEvents, left),
        maxBytes: bounds.maxBytes,
      },
      signal && { signal },
    );
    const last = events.at(-1);
    if (!last) return;
    yield events;
    if (atEnd) return;
    if (left !== undefined) left -= BigInt(events.length);
    if (range.direction === "forwards") fromVersion = last.aggregateVersion + 1n;
    else toVersion = last.aggregateVersion - 1n;
  }
}

/** The smaller of a bound and what is left of a limit. */
export function atMost(bound: number, left: bigint | undefined): number {
  return left !== undefined && left < BigInt(bound) ? Number(left) : bound;
}
