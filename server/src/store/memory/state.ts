import type { RecordedEvent } from "../../domain/event.js";
import type { StreamId } from "../../domain/stream.js";
import type { TenantId } from "../../domain/tenant.js";

/** One tenant's part of the log. Index i of a list is position, or version, i + 1. */
export interface TenantState {
  /** Of all its events, counted by sizeOfEvent. */
  bytes: number;
  readonly log: RecordedEvent[];
  readonly streams: Map<string, RecordedEvent[]>;
  readonly byId: Map<string, RecordedEvent>;
}

/** Everything that the store holds. */
export interface MemoryState {
  /** Index i is global position i + 1. */
  readonly log: RecordedEvent[];
  readonly tenants: Map<TenantId, TenantState>;
}

export function createMemoryState(): MemoryState {
  return { log: [], tenants: new Map() };
}

/** A stream's key inside its tenant: names hold no control characters, so NUL parts them. */
export function keyOf({ aggregateType, aggregateId }: StreamId): string {
  return `${aggregateType}\0${aggregateId}`;
}

export function tenantStateOf(state: MemoryState, tenantId: TenantId): TenantState {
  let tenant = state.tenants.get(tenantId);
  if (!tenant) {
    tenant = { bytes: 0, log: [], streams: new Map(), byId: new Map() };
    state.tenants.set(tenantId, tenant);
  }
  return tenant;
}
