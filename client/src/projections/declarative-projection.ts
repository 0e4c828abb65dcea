import type { EventDefinition, EventOf } from "../events/define-event.js";
import type { DomainEvent } from "../events/domain-event.js";
import { type HandlerEntry, Handlers } from "./handlers.js";

/** A read model that follows from events. */
export interface Projection {
  /** Takes one event; those of no interest are passed over. */
  handle(event: DomainEvent): Promise<void>;
  /** Empties the read model, so that it can be built anew. */
  truncate(): Promise<void>;
}

/**
 * A projection whose methods say with `@handles` which events they take. A subclass inherits its
 * parent's handlers, and may override the methods, marked again or not. An event that no method
 * takes is passed over. Two methods for one kind of event are `duplicate_definition`, when the
 * projection is made.
 *
 * @example
 * class OrderCount extends DeclarativeProjection {
 *   count = 0;
 *   @handles(OrderPlaced)
 *   onPlaced(event: EventOf<typeof OrderPlaced>) { this.count++; }
 *   override truncate() { this.count = 0; return Promise.resolve(); }
 * }
 */
export abstract class DeclarativeProjection implements Projection {
  readonly #handlers = new Handlers();

  readonly #methods = new Map<EventDefinition, string | symbol>();

  /** @internal for `handles` */
  addHandler(entry: HandlerEntry, method: string | symbol): void {
    // A subclass marks its override again: the call goes to the override in any case.
    if (this.#methods.get(entry.definition) === method) return;
    this.#handlers.add(entry);
    this.#methods.set(entry.definition, method);
  }

  /** Gives the event to its method; what that throws is thrown. */
  async handle(event: DomainEvent): Promise<void> {
    await this.#handlers.dispatch(event);
  }

  /** Empties the read model, so that it can be built anew. */
  abstract truncate(): Promise<void>;
}

/** Marks the method of a DeclarativeProjection that takes a kind of event (a standard decorator). */
export function handles<Definition extends EventDefinition>(definition: Definition) {
  return <This extends DeclarativeProjection>(
    _method: (this: This, event: EventOf<Definition>) => void | Promise<void>,
    context: ClassMethodDecoratorContext<
      This,
      (this: This, event: EventOf<Definition>) => void | Promise<void>
    >,
  ): void => {
    // Private methods cannot be overridden: each is one of its own, whatever it is called.
    const identity = context.private ? Symbol(String(context.name)) : context.name;
    context.addInitializer(function (this: This) {
      const handle = (event: DomainEvent): void | Promise<void> =>
        context.access.get(this).call(this, event as EventOf<Definition>);
      this.addHandler({ definition, handle }, identity);
    });
  };
}

/** A projection without a class. @throws AnnalsError duplicate_definition for two handlers of a kind */
export function defineProjection(options: {
  /** Made with `on`. */
  readonly handlers: readonly HandlerEntry[];
  readonly truncate: () => void | Promise<void>;
}): Projection {
  const handlers = new Handlers();
  for (const entry of options.handlers) handlers.add(entry);
  return {
    handle: (event) => handlers.dispatch(event),
    truncate: async () => {
      await options.truncate();
    },
  };
}
