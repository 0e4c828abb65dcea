import type { TenantLimits } from "../domain/tenant-settings.js";

/** The settings that are limits of every tenant for which nothing else is set; undefined: no limit. */
export interface TenantLimitSettings {
  readonly tenantAppendEventsPerSecond: number | undefined;
  readonly tenantAppendBytesPerSecond: number | undefined;
  readonly tenantEventsPerDay: number | undefined;
  readonly tenantStoredBytes: number | undefined;
  readonly tenantOpenStreams: number | undefined;
  readonly tenantPageEvents: number | undefined;
}

/** The limits that settings give to every tenant. */
export function tenantDefaults(settings: TenantLimitSettings): TenantLimits {
  const limits = {
    appendEventsPerSecond: settings.tenantAppendEventsPerSecond,
    appendBytesPerSecond: settings.tenantAppendBytesPerSecond,
    eventsPerDay: settings.tenantEventsPerDay,
    storedBytes: settings.tenantStoredBytes,
    openStreams: settings.tenantOpenStreams,
    pageEvents: settings.tenantPageEvents,
  };
  return Object.fromEntries(Object.entries(limits).filter(([, maximum]) => maximum !== undefined));
}
