import { AnnalsError } from "../connection/errors.js";
import type { EventDefinition, EventOf } from "../events/define-event.js";
import type { DomainEvent } from "../events/domain-event.js";
import { eventKey } from "../events/event-key.js";
import type { HandlerContext } from "./handler-context.js";

/** What is done with one event. */
export type EventHandler<Event extends DomainEvent = DomainEvent, Transaction = undefined> = (
  event: Event,
  context: HandlerContext<Transaction>,
) => void | Promise<void>;

/** A handler and the kind of event that it is for. */
export interface HandlerEntry<Transaction = undefined> {
  readonly definition: EventDefinition;
  readonly handle: EventHandler<DomainEvent, Transaction>;
}

/** A handler for a kind of event, in the form without decorators. */
export function on<Definition extends EventDefinition, Transaction = undefined>(
  definition: Definition,
  handle: EventHandler<EventOf<Definition>, Transaction>,
): HandlerEntry<Transaction> {
  return { definition, handle: handle as EventHandler<DomainEvent, Transaction> };
}

/** Handlers by kind of event. */
export class Handlers<Transaction> {
  readonly #byType = new Map<string, EventHandler<DomainEvent, Transaction>>();

  /** @throws AnnalsError duplicate_definition when the kind has a handler already */
  add({ definition, handle }: HandlerEntry<Transaction>): void {
    const { aggregateType, type: eventType } = definition;
    const key = eventKey(aggregateType, eventType);
    if (this.#byType.has(key)) {
      const message = `${eventType} of ${aggregateType} has two handlers`;
      throw new AnnalsError("duplicate_definition", message, { eventType });
    }
    this.#byType.set(key, handle);
  }

  /** Gives the event to its handler. An event without one is passed over. */
  async dispatch(event: DomainEvent, context: HandlerContext<Transaction>): Promise<void> {
    await this.#byType.get(eventKey(event.aggregateType, event.eventType))?.(event, context);
  }
}
