import type { NewEvent } from "../events/domain-event.js";
import { Outcome } from "./outcome.js";
import { recorded } from "./recorded.js";

/** An aggregate as functions: what a test needs of it. Its events may be of this package, or any. */
export interface DeciderFunctions<Command, State, Event> {
  readonly initialState: () => State;
  /** What happens by a command. It throws what speaks against it. */
  readonly decide: (command: Command, state: State) => Event | readonly Event[];
  /** The state after an event; one of this package is given as it would be read. */
  readonly evolve: (state: State, event: never) => State;
}

/** A decider with a history, waiting for its command. */
export interface GivenDecider<Command, State, Event> {
  /** Decides on a command. What it throws is part of the outcome. */
  when(command: Command): Outcome<Event, State>;
}

/**
 * A decider that these events have happened to.
 *
 * @example
 * givenDecider(order, [OrderPlaced.create({ customerName: "Ann", totalAmount: 5 })])
 *   .when({ kind: "ship", trackingNumber: "T1" })
 *   .thenState({ status: "shipped" });
 */
export function givenDecider<Command, State, Event>(
  decider: DeciderFunctions<Command, State, Event>,
  history: readonly Event[] = [],
): GivenDecider<Command, State, Event> {
  const evolve = (events: readonly Event[]): State =>
    events.reduce<State>(
      (state, event, index) => decider.evolve(state, asRead(event, BigInt(index + 1)) as never),
      decider.initialState(),
    );
  return {
    when(command) {
      try {
        const decided = decider.decide(command, evolve(history));
        const events = isList(decided) ? decided : [decided];
        return new Outcome({ ok: true, events, state: evolve([...history, ...events]) });
      } catch (error) {
        return new Outcome({ ok: false, error });
      }
    },
  };
}

/** Array.isArray does not tell a readonly array from what is none. */
function isList<Event>(decided: Event | readonly Event[]): decided is readonly Event[] {
  return Array.isArray(decided);
}

function asRead(event: unknown, aggregateVersion: bigint): unknown {
  return isNewEvent(event) ? recorded(event, { aggregateVersion }) : event;
}

function isNewEvent(event: unknown): event is NewEvent {
  return typeof event === "object" && event !== null && "payload" in event && "eventType" in event;
}
