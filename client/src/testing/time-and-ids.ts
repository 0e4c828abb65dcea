import { runWithEventSources } from "../events/event-sources.js";

/** What events made in a test have in common with those of its next run. */
export interface TimeAndIds {
  /** The time of new events. A Date: always this one. Default: the system's. */
  readonly now?: Date | (() => Date);
  /** Ids of new events, such as those of `sequentialIds`. Default: UUIDv7s. */
  readonly newEventId?: () => string;
}

/** Runs something whose new events have times and ids that the test knows; through awaits, too. */
export function withTimeAndIds<T>({ now, newEventId }: TimeAndIds, run: () => T): T {
  const sources = {
    ...(now && { now: now instanceof Date ? () => new Date(now) : now }),
    ...(newEventId && { newEventId }),
  };
  return runWithEventSources(sources, run);
}

/** UUIDs that count: 00000000-0000-7000-8000-000000000001, ...2 and so on. */
export function sequentialIds(): () => string {
  let last = 0;
  return () => `00000000-0000-7000-8000-${String(++last).padStart(12, "0")}`;
}

/**
 * A clock that goes on by itself, each time that it is read.
 *
 * @param stepMs in milliseconds
 */
export function steppingClock(start: Date, stepMs: number): () => Date {
  let next = start.getTime();
  return () => {
    const now = new Date(next);
    next += stepMs;
    return now;
  };
}
