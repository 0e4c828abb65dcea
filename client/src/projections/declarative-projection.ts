import { AnnalsError } from "../connection/errors.js";
import type { EventDefinition, EventOf } from "../events/define-event.js";
import type { DomainEvent } from "../events/domain-event.js";
import { type EventHandler, type HandlerEntry, Handlers } from "./handlers.js";
import { contextOf, type GivenContext, type HandlerContext } from "./handler-context.js";

/**
 * A read model that follows from events. `Transaction` is what its handlers write with; without one
 * they need no runner and can be called by hand.
 */
export interface Projection<Transaction = undefined> {
  /** Takes one event; those of no interest are passed over. */
  handle(event: DomainEvent, ...context: GivenContext<Transaction>): Promise<void>;
  /** Empties the read model, so that it can be built anew. */
  truncate(...context: GivenContext<Transaction>): Promise<void>;
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
export abstract class DeclarativeProjection<
  Transaction = undefined,
> implements Projection<Transaction> {
  readonly #handlers = new Handlers<Transaction>();

  readonly #methods = new Map<EventDefinition, string | symbol>();

  /** @internal for `handles` */
  addHandler(entry: HandlerEntry<Transaction>, method: string | symbol): void {
    // A subclass marks its override again: the call goes to the override in any case.
    if (this.#methods.get(entry.definition) === method) return;
    this.#handlers.add(entry);
    this.#methods.set(entry.definition, method);
  }

  /** Gives the event to its method; what that throws is thrown. */
  async handle(event: DomainEvent, ...context: GivenContext<Transaction>): Promise<void> {
    await this.#handlers.dispatch(event, contextOf<Transaction>(context));
  }

  /** Empties the read model, so that it can be built anew. */
  abstract truncate(...context: GivenContext<Transaction>): Promise<void>;
}

type TransactionOf<This> =
  This extends DeclarativeProjection<infer Transaction> ? Transaction : never;
type HandlerMethod<This, Definition extends EventDefinition> = (
  this: This,
  event: EventOf<Definition>,
  context: HandlerContext<TransactionOf<This>>,
) => void | Promise<void>;

/**
 * Marks the method of a DeclarativeProjection that takes a kind of event (a standard decorator). The
 * method's second argument, if it wants one, has the transaction.
 *
 * @throws AnnalsError invalid_options where TypeScript compiles with `experimentalDecorators`
 */
export function handles<Definition extends EventDefinition>(definition: Definition) {
  return <This extends DeclarativeProjection<never>>(
    _method: HandlerMethod<This, Definition>,
    context: ClassMethodDecoratorContext<This, HandlerMethod<This, Definition>>,
  ): void => {
    if (typeof (context as unknown) !== "object") {
      const problem = "handles is a standard decorator: turn experimentalDecorators off";
      throw new AnnalsError("invalid_options", problem, {});
    }
    // Private methods cannot be overridden: each is one of its own, whatever it is called.
    const identity = context.private ? Symbol(String(context.name)) : context.name;
    context.addInitializer(function (this: This) {
      const handle: EventHandler<DomainEvent, TransactionOf<This>> = (event, given) =>
        context.access.get(this).call(this, event as EventOf<Definition>, given);
      this.addHandler({ definition, handle }, identity);
    });
  };
}

/** A projection without a class. @throws AnnalsError duplicate_definition for two handlers of a kind */
export function defineProjection<Transaction = undefined>(options: {
  /** Made with `on`. */
  readonly handlers: readonly HandlerEntry<Transaction>[];
  readonly truncate: (context: HandlerContext<Transaction>) => void | Promise<void>;
}): Projection<Transaction> {
  const handlers = new Handlers<Transaction>();
  for (const entry of options.handlers) handlers.add(entry);
  return {
    handle: (event, ...context) => handlers.dispatch(event, contextOf<Transaction>(context)),
    truncate: async (...context) => {
      await options.truncate(contextOf<Transaction>(context));
    },
  };
}
