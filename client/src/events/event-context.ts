import { ContextStorage } from "#platform";
import type { EventFact } from "./domain-event.js";

/** What every event made in a context takes from it, where it does not say otherwise itself. */
export interface EventContext {
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** It holds nothing by itself: each run has its own value. */
const storage = new ContextStorage<EventContext>();
const none: EventContext = Object.freeze({ metadata: Object.freeze({}) });

/**
 * Runs what an event is the cause of: each event made inside has it as its causation, and belongs
 * to the same correlation, which the first event of a chain begins with its own id. What an event's
 * own options say goes before. It goes along through awaits, timers and whatever is started inside.
 *
 * Projections that a runner drives and `EventStream.forEach` do this for each event.
 */
export function withCausation<T>(
  cause: Pick<EventFact, "eventId" | "correlationId">,
  run: () => T,
): T {
  const { eventId, correlationId } = cause;
  const context = {
    ...currentEventContext(),
    correlationId: correlationId || eventId,
    causationId: eventId,
  };
  return storage.run(context, run);
}

/**
 * Runs something with metadata for each event made inside. Contexts add up, key by key: an inner
 * one goes before an outer one, and an event's own metadata before both.
 */
export function withMetadata<T>(metadata: Readonly<Record<string, string>>, run: () => T): T {
  const outer = currentEventContext();
  return storage.run({ ...outer, metadata: { ...outer.metadata, ...metadata } }, run);
}

/** What an event made now takes from its surroundings. */
export function currentEventContext(): EventContext {
  return storage.getStore() ?? none;
}
