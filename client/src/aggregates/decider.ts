import type { z } from "zod";
import { AnnalsError } from "../connection/errors.js";
import type { EventDefinition } from "../events/define-event.js";
import type { EventFact, NewEvent } from "../events/domain-event.js";
import { AggregateRoot } from "./aggregate-root.js";

/** An event that a decider of these definitions makes: `OrderPlaced.create(...)`. */
export type DecisionOf<Definition extends EventDefinition> =
  Definition extends EventDefinition<infer Type, infer Schema>
    ? NewEvent<Type, z.output<Schema>>
    : never;

/** An event that a decider of these definitions sees: its type narrows its data. */
export type FactOf<Definition extends EventDefinition> =
  Definition extends EventDefinition<infer Type, infer Schema>
    ? EventFact<Type, z.output<Schema>>
    : never;

/** An aggregate as functions, for `defineDecider`. */
export interface DeciderParts<Command, State, Definition extends EventDefinition> {
  /** Kind of aggregate, as in its events' definitions. */
  readonly aggregateType: string;
  /** Every kind of event that its streams hold. */
  readonly events: readonly Definition[];
  /** The state before any event. */
  readonly initialState: () => State;
  /** What happens by a command; none when nothing does. It throws what speaks against it. */
  readonly decide: (
    command: Command,
    state: State,
  ) => DecisionOf<Definition> | readonly DecisionOf<Definition>[];
  /** The state after an event: a new one, the one given stays as it is. */
  readonly evolve: (state: State, event: FactOf<Definition>) => State;
}

/** An aggregate as functions. */
export interface Decider<Command, State> {
  /** Makes an aggregate without history: what a repository's `create` wants. */
  readonly create: (aggregateId: string, tenantId?: string) => DecidedAggregate<Command, State>;
}

/** An aggregate whose commands are values. */
export type DecidedAggregate<Command, State> = AggregateRoot<State> & {
  /**
   * Raises what the decider makes of a command: all its events, or none.
   *
   * @throws AnnalsError invalid_event for an event that is not among the decider's; whatever the
   *   decider throws
   */
  decide(command: Command): void;
};

/**
 * Makes an aggregate of functions; a repository takes it like any other.
 *
 * @example
 * const orders = defineDecider({
 *   aggregateType: "Order",
 *   events: [OrderPlaced],
 *   initialState: () => ({ placed: false }),
 *   decide: (command: { totalAmount: number }) => OrderPlaced.create(command),
 *   evolve: () => ({ placed: true }),
 * });
 * const repository = new AggregateRepository({ annals, create: orders.create });
 */
export function defineDecider<Command, State, Definition extends EventDefinition>(
  parts: DeciderParts<Command, State, Definition>,
): Decider<Command, State> {
  const { aggregateType } = parts;
  const known: ReadonlySet<string> = new Set(parts.events.map(({ type }) => type));

  class Decided extends AggregateRoot<State> {
    override readonly aggregateType = aggregateType;

    decide(command: Command): void {
      const decided = parts.decide(command, this.state);
      this.recordAll(isList(decided) ? decided : [decided]);
    }

    protected override initialState(): State {
      return parts.initialState();
    }

    protected override apply(state: State, event: EventFact): State {
      assertKnown(event.eventType);
      return parts.evolve(state, event as FactOf<Definition>);
    }
  }

  function assertKnown(eventType: string): void {
    if (known.has(eventType)) return;
    const problem = `is not among the events of the decider of ${aggregateType}`;
    throw new AnnalsError("invalid_event", `${eventType} ${problem}`, { eventType, problem });
  }

  return Object.freeze({
    create: (aggregateId: string, tenantId?: string) => new Decided(aggregateId, tenantId),
  });
}

function isList(decided: NewEvent | readonly NewEvent[]): decided is readonly NewEvent[] {
  return Array.isArray(decided);
}
