import type { DomainEvent } from "../events/domain-event.js";

/** Events that stand together, and where to go on from. */
export interface EventPage {
  /** May be empty: then it only says how far the log was scanned. */
  readonly events: readonly DomainEvent[];
  /**
   * Where a reader that has handled this page goes on: pass it as `after` (or `before`). A position
   * in a tenant's log, a cursor in the whole log.
   */
  readonly resumeFrom: bigint | string;
}

/**
 * Events as they are read: `for await` over them, or over their pages, which say where to resume.
 * Each loop is a call of its own; leaving it cancels the call.
 */
export class EventStream implements AsyncIterable<DomainEvent> {
  constructor(private readonly open: () => AsyncIterable<EventPage>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<DomainEvent, void, undefined> {
    for await (const page of this.open()) yield* page.events;
  }

  /** The same, page by page. */
  pages(): AsyncIterable<EventPage> {
    return this.open();
  }

  /** Reads everything into an array: for few events. */
  async toArray(): Promise<DomainEvent[]> {
    const events: DomainEvent[] = [];
    for await (const page of this.open()) events.push(...page.events);
    return events;
  }
}
