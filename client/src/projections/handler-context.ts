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

/** What a handler is called with: without a transaction it may be called by hand, too. */
export type GivenContext<Transaction> = undefined extends Transaction
  ? [context?: HandlerContext<Transaction>]
  : [context: HandlerContext<Transaction>];

const byHand: HandlerContext<undefined> = {
  transaction: undefined,
  signal: new AbortController().signal,
  attempt: 1,
};

/** What a handler has that is called by hand: nothing ends it. */
export function contextOf<Transaction>([context]: readonly [
  HandlerContext<Transaction>?,
]): HandlerContext<Transaction> {
  return context ?? (byHand as HandlerContext<Transaction>);
}
