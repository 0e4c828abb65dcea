import type { AggregateRoot } from "../aggregates/aggregate-root.js";
import type { NewEvent } from "../events/domain-event.js";
import { Outcome } from "./outcome.js";
import { recorded } from "./recorded.js";

/** An aggregate with a history, waiting for its command. */
export interface GivenAggregate<Aggregate extends AggregateRoot<unknown, never>> {
  /** Runs a command of the aggregate. What it throws is part of the outcome. */
  when(command: (aggregate: Aggregate) => void): Outcome<NewEvent, Aggregate["state"]>;
}

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
  return {
    when(command) {
      try {
        command(aggregate);
      } catch (error) {
        return new Outcome({ ok: false, error });
      }
      const raised = aggregate.uncommittedEvents.map(({ event }) => event);
      return new Outcome({ ok: true, events: raised, state: aggregate.state });
    },
  };
}
