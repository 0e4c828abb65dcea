import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { CallOptions, Connection } from "../connection/connection.js";
import type { EventRegistry } from "../events/registry.js";
import { toDomainEvent } from "./codec.js";
import type { EventPage } from "./event-stream.js";

/** Which events of an aggregate type. */
export interface EventsByTypeOptions extends CallOptions {
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
): AsyncGenerator<EventPage, void, undefined> {
  const { eventTypes = [], recordedFrom, recordedBefore, pageSize = 0 } = options;
  let pageToken = "";
  do {
    const request = {
      aggregateType,
      eventTypes: [...eventTypes],
      pageSize,
      pageToken,
      ...(recordedFrom && { recordedFrom: timestampFromDate(recordedFrom) }),
      ...(recordedBefore && { recordedBefore: timestampFromDate(recordedBefore) }),
    };
    const answer = await connection.call(
      (client, call) => client.getEventsByType(request, call),
      options,
    );
    const events = answer.events.map((event) => toDomainEvent(event, undefined, registry));
    const last = events.at(-1);
    if (last) yield { events, resumeFrom: last.position };
    pageToken = answer.nextPageToken;
  } while (pageToken !== "");
}
