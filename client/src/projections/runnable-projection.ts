import type { DomainEvent } from "../events/domain-event.js";

/** A read model that a runner keeps up to date. Every `Projection` is one. */
export interface RunnableProjection<Transaction = undefined> {
  /** Takes one event; those of no interest are passed over. */
  handle(event: DomainEvent, context: HandlerContext<Transaction>): void | Promise<void>;
  /**
   * Takes many events at once, in order, in place of `handle`. When it throws, the events come
   * again one by one, each to `handle`.
   */
  handleBatch?(
    events: readonly DomainEvent[],
    context: HandlerContext<Transaction>,
  ): void | Promise<void>;
  /** Empties the read model, so that it can be built anew. */
  truncate(context: HandlerContext<Transaction>): void | Promise<void>;
}

/** What a handler has beside the event. */
export interface HandlerContext<Transaction> {
  /**
   * What is written with it is kept together with the projection's place, or not at all. Not to be
   * used after the handler has ended.
   */
  readonly transaction: Transaction;
  /** Aborted when the time limit is over, or the runner is stopped by force. */
  readonly signal: AbortSignal;
  /** 1 at first. */
  readonly attempt: number;
}
