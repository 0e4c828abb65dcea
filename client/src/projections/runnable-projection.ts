import type { DomainEvent } from "../events/domain-event.js";
import type { HandlerContext } from "./handler-context.js";

/** A read model that a runner keeps up to date. Every `Projection` is one. */
export interface RunnableProjection<Transaction = undefined> {
  /** Takes one event; those of no interest are passed over. */
  handle(event: DomainEvent, context: HandlerContext<Transaction>): void | Promise<void>;
  /**
   * Takes many events at once, in order, in place of `handle`. When it throws, the events come
   * again one by one, each to `handle`. It runs for their tenant where they have one in common, else
   * for none.
   */
  handleBatch?(
    events: readonly DomainEvent[],
    context: HandlerContext<Transaction>,
  ): void | Promise<void>;
  /** Empties the read model, so that it can be built anew. */
  truncate(context: HandlerContext<Transaction>): void | Promise<void>;
}
