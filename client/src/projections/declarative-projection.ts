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
 * parent's handlers.
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

  /** @internal for `handles` */
  addHandler(entry: HandlerEntry): void {
    this.#handlers.add(entry);
  }

  async handle(event: DomainEvent): Promise<void> {
    await this.#handlers.dispatch(event);
  }

  abstract truncate(): Promise<void>;
}

/** Marks the method of a DeclarativeProjection that takes a kind of event (a standard decorator). */
export function handles<Definition extends EventDefinition>(definition: Definition) {
  return <This extends DeclarativeProjection>(
    method: (this: This, event: EventOf<Definition>) => void | Promise<void>,
    context: ClassMethodDecoratorContext<
      This,
      (this: This, event: EventOf<Definition>) => void | Promise<void>
    >,
  ): void => {
    context.addInitializer(function (this: This) {
      const handle = (event: DomainEvent): void | Promise<void> =>
        method.call(this, event as EventOf<Definition>);
      this.addHandler({ definition, handle });
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
