import { AnnalsError } from "../connection/errors.js";
import type { EventDefinition } from "./define-event.js";
import { eventKey } from "./event-key.js";
import { parseData } from "./parse-data.js";

/** What is known of an event in the log when its data is to be read. */
export interface RawEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly aggregateType: string;
  readonly position: bigint;
  readonly contentType: string;
  readonly data: Uint8Array;
}

/** Knows the definitions of events, and reads data by them. */
export class EventRegistry {
  readonly #definitions = new Map<string, EventDefinition>();

  /** @throws AnnalsError duplicate_definition when two define the same type of the same aggregate */
  constructor(definitions: readonly EventDefinition[]) {
    for (const definition of definitions) {
      const { aggregateType, type: eventType } = definition;
      const key = eventKey(aggregateType, eventType);
      if (this.#definitions.has(key)) {
        const message = `${eventType} of ${aggregateType} is defined twice`;
        throw new AnnalsError("duplicate_definition", message, { eventType });
      }
      this.#definitions.set(key, definition);
    }
  }

  /**
   * An event's data, by its definition. Data of a type that is not defined is what its JSON says,
   * or its bytes where it is not JSON.
   *
   * @throws AnnalsError unreadable_event when it does not fit its definition
   */
  decode(event: RawEvent): unknown {
    const definition = this.#definitions.get(eventKey(event.aggregateType, event.eventType));
    if (!definition) return looseData(event);
    const parsed = parseData(definition.schema, strictJson(event));
    if (!parsed.ok) throw unreadable(event, parsed.problem, parsed.cause);
    return parsed.data;
  }
}

function strictJson(event: RawEvent): unknown {
  try {
    return parseJson(event.data);
  } catch (cause) {
    throw unreadable(event, "is not JSON", cause);
  }
}

function looseData(event: RawEvent): unknown {
  if (!/^application\/json\b/i.test(event.contentType)) return event.data;
  try {
    return parseJson(event.data);
  } catch {
    return event.data;
  }
}

function parseJson(data: Uint8Array): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
}

function unreadable(
  { eventType, eventId, position }: RawEvent,
  problem: string,
  cause: unknown,
): AnnalsError {
  const details = { eventType, eventId, position, problem };
  const message = `${eventType} at position ${position}: ${problem}`;
  return new AnnalsError("unreadable_event", message, details, { cause });
}
