import { Direction } from "@annals/proto/annals/v1/event_store";
import type { CallOptions, Connection } from "../connection/connection.js";
import type { EventRegistry } from "../events/registry.js";
import type { UnknownEvents } from "../events/unknown-events.js";
import type { StreamId } from "./append.js";
import { EventDecoder } from "./decode-event.js";
import { DecodedEvents } from "./decoded-events.js";
import type { UndecodedPage } from "./event-stream.js";
import { toProtoStream, toWireCount } from "./wire-values.js";

/** Which events of a stream. */
export interface ReadOptions extends CallOptions {
  /** What becomes of events that no definition names. Default: "json". */
  readonly unknownEvents?: UnknownEvents;
  /** Lowest version, inclusive. Default: 1n. */
  readonly fromVersion?: bigint;
  /** Highest version, inclusive. Default: the last. */
  readonly toVersion?: bigint;
  /** Default: "forwards". */
  readonly direction?: "forwards" | "backwards";
  /** Most events, 1 or more. Default: all. */
  readonly limit?: bigint | number;
  /**
   * Go on with the events still to come; a stream without events is waited for. Not together with
   * `toVersion` or "backwards". Default: false.
   */
  readonly follow?: boolean;
}

export async function* readPages(
  connection: Connection,
  registry: EventRegistry,
  stream: StreamId,
  options: ReadOptions = {},
): AsyncGenerator<UndecodedPage, void, undefined> {
  const request = {
    stream: toProtoStream(stream),
    fromVersion: toWireCount("from_version", options.fromVersion, 0n),
    toVersion: toWireCount("to_version", options.toVersion, 1n),
    direction: options.direction === "backwards" ? Direction.BACKWARDS : Direction.FORWARDS,
    limit: toWireCount("limit", options.limit, 1n),
    follow: options.follow ?? false,
  };
  const answers = connection.stream((client, call) => client.read(request, call), options);
  let resumeFrom = request.fromVersion > 0n ? request.fromVersion - 1n : 0n;
  for await (const { answer } of answers) {
    switch (answer.case) {
      case "page": {
        const { events } = answer.value;
        const last = events.at(-1);
        if (!last) continue;
        resumeFrom = new EventDecoder().decode(last).aggregateVersion;
        yield { events: new DecodedEvents(events, registry, options.unknownEvents), resumeFrom };
        break;
      }
      case "caughtUp":
        yield { events: [], resumeFrom, mark: "caught_up" };
        break;
      case "fellBehind":
        yield { events: [], resumeFrom, mark: "fell_behind" };
        break;
      case undefined: // the stream's info, or what a newer server has to say
    }
  }
}
