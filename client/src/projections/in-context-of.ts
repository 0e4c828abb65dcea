import type { DomainEvent } from "../events/domain-event.js";
import { withCausation } from "../events/event-context.js";
import { runWithTenant } from "../tenancy/context.js";

/** Runs the handler of an event: for its tenant, and with it as the cause of what is made inside. */
export function inContextOf<T>(event: DomainEvent, run: () => T): T {
  return runWithTenant(event.tenantId, () => withCausation(event, run));
}
