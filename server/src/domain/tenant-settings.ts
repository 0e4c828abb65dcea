import type { Instant } from "./instant.js";

/** Limits of one tenant. One that is absent does not exist. */
export interface TenantLimits {
  /** On each server. */
  readonly appendEventsPerSecond?: number;
  /** On each server, counted by sizeOfEvent. */
  readonly appendBytesPerSecond?: number;
  /** In one day, UTC. */
  readonly eventsPerDay?: number;
  /** Of all its events, counted by sizeOfEvent. */
  readonly storedBytes?: number;
  /** Streaming calls open at once, on each server. */
  readonly openStreams?: number;
  /** Most events in one page. */
  readonly pageEvents?: number;
}

/** Each limit: its name in errors and docs, and the highest value that can be set. */
export const tenantLimits: Readonly<
  Record<keyof TenantLimits, { readonly name: string; readonly highest: number }>
> = {
  appendEventsPerSecond: { name: "tenant_append_events_per_second", highest: 1e9 },
  appendBytesPerSecond: { name: "tenant_append_bytes_per_second", highest: 1e12 },
  eventsPerDay: { name: "tenant_events_per_day", highest: 1e12 },
  storedBytes: { name: "tenant_stored_bytes", highest: 1e15 },
  openStreams: { name: "tenant_open_streams", highest: 1e6 },
  pageEvents: { name: "tenant_page_events", highest: 1_000 },
};

/** Since when, and why, a tenant's calls are refused. */
export interface Suspension {
  readonly suspendedAt: Instant;
  /** The tenant is told. */
  readonly reason: string;
}

/** What the operator says of a tenant. */
export interface TenantSettings {
  /** For people; empty when it was never set. */
  readonly displayName: string;
  /** Names that only applications give a meaning. */
  readonly features: readonly string[];
  /** Those set for this tenant; the others are the server's defaults. */
  readonly limits: TenantLimits;
  /** Undefined: its calls are let in. */
  readonly suspension: Suspension | undefined;
}

/** Of a tenant that was never configured. */
export const noSettings: TenantSettings = {
  displayName: "",
  features: [],
  limits: {},
  suspension: undefined,
};
