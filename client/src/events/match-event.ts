import { AnnalsError } from "../connection/errors.js";
import type { EventFact } from "./domain-event.js";

/** A case for each of the events, by its name. */
export type EventCases<Event extends EventFact, Result> = {
  readonly [Type in Event["eventType"]]: (event: Extract<Event, { eventType: Type }>) => Result;
};

/**
 * Takes events apart by their name. A name without a case, or a case without a name, does not
 * compile.
 *
 * @throws AnnalsError invalid_event for an event that its type did not promise
 * @example
 * const total = matchEvent(event, {
 *   OrderPlaced: ({ data }) => data.totalAmount,
 *   OrderShipped: () => 0,
 * });
 */
export function matchEvent<Event extends EventFact, Result>(
  event: Event,
  cases: EventCases<Event, Result>,
): Result {
  const eventType: Event["eventType"] = event.eventType;
  if (Object.hasOwn(cases, eventType)) {
    return cases[eventType](event as Extract<Event, { eventType: typeof eventType }>);
  }
  const problem = "has no case";
  throw new AnnalsError("invalid_event", `${eventType} ${problem}`, { eventType, problem });
}
