import type { AggregateRoot } from "../aggregates/aggregate-root.js";
import type { NewEvent } from "../events/domain-event.js";
import { Outcome } from "./outcome.js";
import { recorded } from "./recorded.js";

/** An aggregate with a history, waiting for its command. */
export interface GivenAggregate<Aggregate extends AggregateRoot<unknown, never>> {
  /** Runs a command of the aggregate. What it throws is part of the outcome. */
  when<Result>(
    command: (aggregate: Aggregate) => Result,
  ): WhenDone<Result, Outcome<NewEvent, Aggregate["state"]>>;
}

/** What comes of a command: at once, or where it gives a promise, when that is settled. */
export type WhenDone<Result, Final> = [Result] extends [never]
  ? Final
  : Result extends PromiseLike<unknown>
    ? Promise<Final>
    : Final;

/**
 * An aggregate that these events have happened to. No server is needed.
 *
 * @throws AnnalsError invalid_event for an event of another kind of aggregate
 * @example
 * givenAggregate(new Order("1"), [OrderPlaced.create({ customerName: "Ann", totalAmount: 5 })])
 *   .when((order) => order.ship("T1"))
 *   .thenEvents([OrderShipped.create({ trackingNumber: "T1" })]);
 */
export function givenAggregate<Aggregate extends AggregateRoot<unknown, never>>(
  aggregate: Aggregate,
  events: readonly NewEvent[] = [],
): GivenAggregate<Aggregate> {
  const { aggregateId, tenantId } = aggregate;
  for (const event of events) {
    const aggregateVersion = aggregate.version + 1n;
    const as = { aggregateId, aggregateVersion, ...(tenantId !== undefined && { tenantId }) };
    aggregate.replay(recorded(event, as));
  }
  const when = (command: (aggregate: Aggregate) => unknown): unknown => {
    let done: unknown;
    try {
      done = command(aggregate);
    } catch (error) {
      return refused(error);
    }
    if (!isPromise(done)) return raisedBy(aggregate);
    return Promise.resolve(done).then(() => raisedBy(aggregate), refused);
  };
  return { when: when as GivenAggregate<Aggregate>["when"] };
}

function raisedBy<Aggregate extends AggregateRoot<unknown, never>>({
  uncommittedEvents,
  state,
}: Aggregate): Outcome<NewEvent, Aggregate["state"]> {
  return new Outcome({ ok: true, events: uncommittedEvents.map(({ event }) => event), state });
}

function refused(error: unknown): Outcome<never, never> {
  return new Outcome({ ok: false, error });
}

function isPromise(done: unknown): done is PromiseLike<unknown> {
  return typeof done === "object" && done !== null && "then" in done;
}
