import type { CallOptions, Connection } from "../connection/connection.js";
import type { EventRegistry } from "../events/registry.js";
import type { UnknownEvents } from "../events/unknown-events.js";
import { toProtoTimes } from "./codec.js";
import { EventDecoder } from "./decode-event.js";
import { DecodedEvents } from "./decoded-events.js";
import type { UndecodedPage } from "./event-stream.js";
import { toWireCount, toWireString, toWireStrings } from "./wire-values.js";

/** Which events of an aggregate type. */
export interface EventsByTypeOptions extends CallOptions {
  /** What becomes of events that no definition names. Default: "json". */
  readonly unknownEvents?: UnknownEvents;
  /** Exact. Default: all. */
  readonly eventTypes?: readonly string[];
  /** Earliest recordedAt, inclusive. */
  readonly recordedFrom?: Date;
  /** Latest recordedAt, exclusive. */
  readonly recordedBefore?: Date;
  /** Events fetched by one call, 1 to 1,000. Default: 100. */
  readonly pageSize?: number;
}

export async function* eventsByTypePages(
  connection: Connection,
  registry: EventRegistry,
  aggregateType: string,
  options: EventsByTypeOptions = {},
): AsyncGenerator<UndecodedPage, void, undefined> {
  const query = {
    aggregateType: toWireString("aggregate_type", aggregateType),
    eventTypes: toWireStrings("event_types", options.eventTypes),
    pageSize: Number(toWireCount("page_size", options.pageSize, 1n)),
    ...toProtoTimes("", options),
  };
  let pageToken = "";
  do {
    const request = { ...query, pageToken };
    const answer = await connection.call(
      (client, call) => client.getEventsByType(request, call),
      options,
    );
    const last = answer.events.at(-1);
    if (last) {
      const events = new DecodedEvents(answer.events, registry, options.unknownEvents);
      yield { events, resumeFrom: new EventDecoder().decode(last).position };
    }
    pageToken = answer.nextPageToken;
  } while (pageToken !== "");
}
