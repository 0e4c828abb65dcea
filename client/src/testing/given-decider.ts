import type { NewEvent } from "../events/domain-event.js";
import type { WhenDone } from "./given-aggregate.js";
import { Outcome } from "./outcome.js";
import { recorded } from "./recorded.js";

/** What a decider makes of a command, at once or later. */
type Decided<Event> = Event | readonly Event[] | Promise<Event | readonly Event[]>;

/** An aggregate as functions: what a test needs of it. Its events may be of this package, or any. */
export interface DeciderFunctions<Command, State, Event> {
  readonly initialState: () => State;
  /** What happens by a command. It throws what speaks against it. */
  readonly decide: (command: Command, state: State) => Decided<Event>;
  /** The state after an event; one of this package is given as it would be read. */
  readonly evolve: (state: State, event: never) => State;
}

/** A decider with a history, waiting for its command. */
export interface GivenDecider<Command, State, Event, Result = Event> {
  /** Decides on a command, and waits where that takes time. What it throws is part of the outcome. */
  when(command: Command): WhenDone<Result, Outcome<Event, State>>;
}

/**
 * A decider that these events have happened to.
 *
 * @example
 * givenDecider(order, [OrderPlaced.create({ customerName: "Ann", totalAmount: 5 })])
 *   .when({ kind: "ship", trackingNumber: "T1" })
 *   .thenState({ status: "shipped" });
 */
export function givenDecider<Command, State, Event, Result extends Decided<Event>>(
  decider: DeciderFunctions<Command, State, Event> & {
    readonly decide: (command: Command, state: State) => Result;
  },
  history: readonly Event[] = [],
): GivenDecider<Command, State, Event, Result> {
  const evolve = (events: readonly Event[]): State =>
    events.reduce<State>(
      (state, event, index) => decider.evolve(state, asRead(event, BigInt(index + 1)) as never),
      decider.initialState(),
    );
  const happened = (decided: Event | readonly Event[]): Outcome<Event, State> => {
    const events = isList(decided) ? decided : [decided];
    return new Outcome({ ok: true, events, state: evolve([...history, ...events]) });
  };
  const when = (command: Command): unknown => {
    try {
      const decided: Decided<Event> = decider.decide(command, evolve(history));
      return isPromise(decided) ? decided.then(happened).catch(refused) : happened(decided);
    } catch (error) {
      return refused(error);
    }
  };
  return { when: when as GivenDecider<Command, State, Event, Result>["when"] };
}

function refused(error: unknown): Outcome<never, never> {
  return new Outcome({ ok: false, error });
}

function isPromise<Event>(decided: Decided<Event>): decided is Promise<Event | readonly Event[]> {
  return typeof decided === "object" && decided !== null && "then" in decided;
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
