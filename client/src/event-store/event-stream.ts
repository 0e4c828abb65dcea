import { type AnnalsErrorOf, isAnnalsError } from "../connection/errors.js";
import type { DomainEvent } from "../events/domain-event.js";
import { withCausation } from "../events/event-context.js";

/** Events that stand together, and where to go on from. */
export interface EventPage<Event extends DomainEvent = DomainEvent> {
  /** May be empty: then it only says how far the log was scanned. */
  readonly events: readonly Event[];
  /**
   * Where a reader that has handled this page goes on: pass it as `after` (or `before`). A position
   * in a tenant's log, a cursor in the whole log.
   */
  readonly resumeFrom: bigint | string;
  /**
   * With `follow`. "caught_up": everything up to now has come, from here on it comes live.
   * "fell_behind": this reader was too slow for that, and catches up again. Else undefined.
   */
  readonly mark: FollowMark | undefined;
}

/** How a reader that follows stands. */
export type FollowMark = "caught_up" | "fell_behind";

/** Why an event cannot be read; its details name the event. */
export type UnreadableEvent = AnnalsErrorOf<
  "unreadable_event" | "unknown_event_type" | "unknown_event_version"
>;

/** A page without the events that cannot be read. */
export interface ReadablePage<Event extends DomainEvent = DomainEvent> extends EventPage<Event> {
  readonly unreadable: readonly {
    readonly error: UnreadableEvent;
    /** How many of the page's events stand before it. */
    readonly index: number;
    /** Its place in the whole log; undefined in a tenant's. */
    readonly globalPosition: bigint | undefined;
  }[];
}

/** A page as it came, of events that are decoded one by one. */
export interface UndecodedPage<Event extends DomainEvent = DomainEvent> {
  readonly events: Iterable<Event> & {
    /** In the whole log: of the event that came last, or threw. */
    readonly globalPosition?: bigint | undefined;
  };
  readonly resumeFrom: bigint | string;
  readonly mark?: FollowMark;
}

/**
 * Events as they are read: `for await` over them, or over their pages, which say where to resume.
 * Each loop is a call of its own; leaving it cancels the call. An event that cannot be read throws
 * in its place, after all that come before it: its error tells its position, to go on behind it.
 */
export class EventStream<Event extends DomainEvent = DomainEvent> implements AsyncIterable<Event> {
  /** @internal the methods of `Annals` make it */
  constructor(private readonly open: () => AsyncIterable<UndecodedPage<Event>>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, undefined> {
    for await (const page of this.open()) {
      for (const event of page.events) yield event; // yield* would wait several times for each
    }
  }

  /** The same, page by page. A page with an event that cannot be read throws as a whole. */
  async *pages(): AsyncGenerator<EventPage<Event>, void, undefined> {
    for await (const { events, resumeFrom, mark } of this.open()) {
      yield { events: [...events], resumeFrom, mark };
    }
  }

  /** @internal Page by page, with what cannot be read beside the events, for who goes on over it. */
  async *readablePages(): AsyncGenerator<ReadablePage<Event>, void, undefined> {
    for await (const { events, resumeFrom, mark } of this.open()) {
      yield { ...readableOf(events), resumeFrom, mark };
    }
  }

  /**
   * Handles the events one after the other, each as the cause of what is made meanwhile
   * (`withCausation`). What the handler throws ends it.
   */
  async forEach(handle: (event: Event) => void | Promise<void>): Promise<void> {
    for await (const event of this) await withCausation(event, () => handle(event));
  }

  /** Reads everything into an array: for few events. */
  async toArray(): Promise<Event[]> {
    const events: Event[] = [];
    for await (const event of this) events.push(event);
    return events;
  }
}

function readableOf<Event extends DomainEvent>(
  undecoded: UndecodedPage<Event>["events"],
): Pick<ReadablePage<Event>, "events" | "unreadable"> {
  const events: Event[] = [];
  const unreadable: ReadablePage["unreadable"][number][] = [];
  const decoding = undecoded[Symbol.iterator]();
  for (;;) {
    try {
      const next = decoding.next();
      if (next.done) return { events, unreadable };
      events.push(next.value);
    } catch (error) {
      if (!isUnreadableEvent(error)) throw error;
      const { globalPosition } = undecoded;
      unreadable.push({ error, index: events.length, globalPosition });
    }
  }
}

function isUnreadableEvent(error: unknown): error is UnreadableEvent {
  return (
    isAnnalsError(error, "unreadable_event") ||
    isAnnalsError(error, "unknown_event_type") ||
    isAnnalsError(error, "unknown_event_version")
  );
}
