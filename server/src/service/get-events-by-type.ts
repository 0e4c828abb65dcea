import type { EventFilter } from "../domain/filter.js";
import type { RecordedEvent } from "../domain/event.js";
import type { TenantId } from "../domain/tenant.js";
import { readLogPages } from "../reader/read-log.js";
import type { ServiceContext } from "./context.js";

/** A page of events of one aggregate type, by position. */
export interface EventsByType {
  readonly events: readonly RecordedEvent[];
  /** Where the next page starts, exclusive; undefined when there is none. */
  readonly next: bigint | undefined;
}

/**
 * One page of the tenant's events that a filter picks, by position.
 *
 * @param after exclusive; 0 for the first page
 * @param maxEvents most events of the page, 1 or more
 */
export async function getEventsByType(
  { store, pages, observer }: ServiceContext,
  tenantId: TenantId,
  filter: EventFilter,
  after: bigint,
  maxEvents: number,
  signal?: AbortSignal,
): Promise<EventsByType> {
  const head = await store.getHead(tenantId, signal && { signal });
  const range = {
    tenantId,
    direction: "forwards",
    from: after,
    to: head.position,
    filter,
  } as const;
  const bounds = { ...pages, maxEvents };
  const limit = BigInt(maxEvents);
  for await (const page of readLogPages(store, { ...range, limit }, bounds, signal)) {
    const { events, scannedTo, atEnd } = page;
    if (!atEnd && events.length === 0) continue;
    observer?.eventsRead(events.length);
    return { events, next: atEnd ? undefined : scannedTo };
  }
  return { events: [], next: undefined };
}
