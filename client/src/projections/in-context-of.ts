import type { DomainEvent } from "../events/domain-event.js";
import { withCausation } from "../events/event-context.js";
import { runWithoutTenant, runWithTenant } from "../tenancy/context.js";

/** Runs the handler of an event: for its tenant, and with it as the cause of what is made inside. */
export function inContextOf<T>(event: DomainEvent, run: () => T): T {
  return runWithTenant(event.tenantId, () => withCausation(event, run));
}

/** Runs the handler of many events: for their tenant, where they have one in common, else for none. */
export function inContextOfAll<T>(events: readonly DomainEvent[], run: () => T): T {
  const tenantId = events[0]?.tenantId;
  const shared = events.every((event) => event.tenantId === tenantId);
  return tenantId !== undefined && shared ? runWithTenant(tenantId, run) : runWithoutTenant(run);
}
