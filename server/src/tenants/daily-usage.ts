import type { Instant } from "../domain/instant.js";
import { noFilter } from "../domain/filter.js";
import type { TenantId } from "../domain/tenant.js";
import type { Store } from "../store/store.js";

const dayMicros = 86_400_000_000n;

/** Where a day begins in a tenant's log. */
export interface DayStart {
  /** Its first instant. */
  readonly day: Instant;
  /** Of the last event before it; 0 when there is none. */
  readonly position: bigint;
}

/** When the day of an instant began, UTC. */
export function dayOf(now: Instant): Instant {
  return now - (((now % dayMicros) + dayMicros) % dayMicros);
}

/** When the next day begins, UTC. */
export function dayAfter(day: Instant): Instant {
  return day + dayMicros;
}

/**
 * Where a day begins. Positions have no holes, so the events of a day are those behind the last one of
 * the days before: nothing needs to be counted, on however many servers.
 */
export async function readDayStart(
  store: Store,
  tenantId: TenantId,
  day: Instant,
): Promise<DayStart> {
  const head = await store.getHead(tenantId);
  let from = head.position + 1n;
  for (;;) {
    const page = await store.readLog({
      ...{ tenantId, direction: "backwards", from, to: 1n, maxEvents: 1, maxBytes: 1 },
      filter: { ...noFilter, recordedBefore: day },
    });
    const [last] = page.events;
    if (last) return { day, position: last.position };
    if (page.atEnd) return { day, position: 0n };
    from = page.scannedTo;
  }
}
