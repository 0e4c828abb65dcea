import { AnnalsError } from "../connection/errors.js";
import type { EventDefinition } from "./define-event.js";
import { eventKey } from "./event-key.js";
import { parseJson } from "./json-codec.js";
import type { StoredData } from "./stored-data.js";
import type { UnknownEvents } from "./unknown-events.js";

/** What is known of an event in the log when its data is to be read. */
export interface StoredEvent extends StoredData {
  readonly eventId: string;
  readonly eventType: string;
  readonly aggregateType: string;
  readonly tenantId: string;
  readonly position: bigint;
}

/** What a reader gets of an event. */
export type ReadData =
  | { readonly kind: "data"; readonly data: unknown }
  /** Bytes as they are stored. */
  | { readonly kind: "raw"; readonly data: Uint8Array };

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
   * An event's data, by its definition; without one, by the reader's choice: undefined to skip it.
   *
   * @throws AnnalsError unreadable_event when it does not fit its definition; unknown_event_version
   *   when that is older than the event; unknown_event_type where the choice is to fail
   */
  decode(event: StoredEvent, unknownEvents: Exclude<UnknownEvents, "skip">): ReadData;
  decode(event: StoredEvent, unknownEvents: UnknownEvents): ReadData | undefined;
  decode(event: StoredEvent, unknownEvents: UnknownEvents): ReadData | undefined {
    const definition = this.#definitions.get(eventKey(event.aggregateType, event.eventType));
    if (!definition) return undefinedData(event, unknownEvents);
    const decoded = definition.decode(event);
    if (decoded.ok) return { kind: "data", data: decoded.data };
    if ("newerVersion" in decoded) {
      throw unknownVersion(event, decoded.newerVersion, definition.version);
    }
    throw unreadable(event, decoded.problem, decoded.cause);
  }
}

function undefinedData(event: StoredEvent, unknownEvents: UnknownEvents): ReadData | undefined {
  switch (unknownEvents) {
    case "json":
      return { kind: "data", data: looseData(event) };
    case "raw":
      return { kind: "raw", data: event.data };
    case "skip":
      return undefined;
    case "fail": {
      const { eventType, aggregateType, eventId, tenantId, position } = event;
      const message = `${eventType} of ${aggregateType} at position ${position} is not defined`;
      const details = { eventType, aggregateType, eventId, tenantId, position };
      throw new AnnalsError("unknown_event_type", message, details);
    }
    default:
      return unknownEvents satisfies never;
  }
}

function looseData(event: StoredEvent): unknown {
  if (!/^application\/json\b/i.test(event.contentType)) return event.data;
  try {
    return parseJson(event.data);
  } catch {
    return event.data;
  }
}

function unknownVersion(event: StoredEvent, version: number, knownVersion: number): AnnalsError {
  const { eventType, eventId, tenantId, position } = event;
  const message = `${eventType} at position ${position} has version ${version}; known are 1 to ${knownVersion}`;
  const details = { eventType, eventId, tenantId, position, version, knownVersion };
  return new AnnalsError("unknown_event_version", message, details);
}

function unreadable(
  { eventType, eventId, tenantId, position }: StoredEvent,
  problem: string,
  cause: unknown,
): AnnalsError {
  const details = { eventType, eventId, tenantId, position, problem };
  const message = `${eventType} at position ${position}: ${problem}`;
  return new AnnalsError("unreadable_event", message, details, { cause });
}
