import { ContextStorage } from "#platform";
import { createUuidV7 } from "./uuid-v7.js";

/** Where new events get what is different each time. */
export interface EventSources {
  /** The time, when an event does not say when it occurred. */
  readonly now: () => Date;
  /** An id, when an event has none of its own. */
  readonly newEventId: () => string;
}

/** It holds nothing by itself: each run has its own value. */
const storage = new ContextStorage<EventSources>();
const system: EventSources = { now: () => new Date(), newEventId: () => createUuidV7() };

/** Runs something whose events get their times and ids elsewhere than from the system. */
export function runWithEventSources<T>(sources: Partial<EventSources>, run: () => T): T {
  return storage.run({ ...currentEventSources(), ...sources }, run);
}

export function currentEventSources(): EventSources {
  return storage.getStore() ?? system;
}
