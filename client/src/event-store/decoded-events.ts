import type { DomainEvent } from "../events/domain-event.js";
import type { EventRegistry } from "../events/registry.js";
import type { RawEvent, UnknownEvents } from "../events/unknown-events.js";
import { toDomainEvent } from "./codec.js";
import { EventDecoder } from "./decode-event.js";

/**
 * Decodes events as they are asked for; to iterate once. One that cannot be read throws in its place:
 * `unreadable_event`, `unknown_event_type` or `unknown_event_version`. Who asks again gets the next.
 */
export class DecodedEvents implements IterableIterator<DomainEvent | RawEvent> {
  #next = 0;
  readonly #decoder = new EventDecoder();

  /**
   * @param events each an annals.v1.RecordedEvent
   * @param globalPositions of each event, in the whole log; else none
   */
  constructor(
    private readonly events: readonly Uint8Array[],
    private readonly registry: EventRegistry,
    private readonly unknownEvents: UnknownEvents = "json",
    private readonly globalPositions: readonly bigint[] = [],
  ) {}

  /** In the whole log: of the event that came last, or threw. */
  get globalPosition(): bigint | undefined {
    return this.globalPositions[this.#next - 1];
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<DomainEvent | RawEvent, undefined> {
    for (;;) {
      const index = this.#next++;
      const bytes = this.events[index];
      if (!bytes) return { done: true, value: undefined };
      const event = this.#decoder.decode(bytes);
      const read = this.registry.decode(event, this.unknownEvents);
      if (read) {
        return { done: false, value: toDomainEvent(event, this.globalPositions[index], read) };
      }
    }
  }
}
