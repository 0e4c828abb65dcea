import { AnnalsError } from "../connection/errors.js";
import type { EventDefinition, EventOf } from "../events/define-event.js";
import type { DomainEvent } from "../events/domain-event.js";
import { eventKey } from "../events/event-key.js";

/** What is done with one event. */
export type EventHandler<Event extends DomainEvent = DomainEvent> = (
  event: Event,
) => void | Promise<void>;

/** A handler and the kind of event that it is for. */
export interface HandlerEntry {
  readonly definition: EventDefinition;
  readonly handle: (event: DomainEvent) => void | Promise<void>;
}

/** A handler for a kind of event, in the form without decorators. */
export function on<Definition extends EventDefinition>(
  definition: Definition,
  handle: EventHandler<EventOf<Definition>>,
): HandlerEntry {
  return { definition, handle: handle as HandlerEntry["handle"] };
}

/** Handlers by kind of event. */
export class Handlers {
  readonly #byType = new Map<string, HandlerEntry["handle"]>();

  /** @throws AnnalsError duplicate_definition when the kind has a handler already */
  add({ definition, handle }: HandlerEntry): void {
    const { aggregateType, type: eventType } = definition;
    const key = eventKey(aggregateType, eventType);
    if (this.#byType.has(key)) {
      const message = `${eventType} of ${aggregateType} has two handlers`;
      throw new AnnalsError("duplicate_definition", message, { eventType });
    }
    this.#byType.set(key, handle);
  }

  /** Gives the event to its handler. An event without one is passed over. */
  async dispatch(event: DomainEvent): Promise<void> {
    await this.#byType.get(eventKey(event.aggregateType, event.eventType))?.(event);
  }
}
