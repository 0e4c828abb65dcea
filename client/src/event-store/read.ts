import { Direction } from "@annals/proto/annals/v1/event_store";
import type { CallOptions, Connection } from "../connection/connection.js";
import type { EventRegistry } from "../events/registry.js";
import type { StreamId } from "./append.js";
import { toDomainEvents } from "./codec.js";
import type { UndecodedPage } from "./event-stream.js";
import { toProtoStream, toWireCount } from "./wire-values.js";

/** Which events of a stream. */
export interface ReadOptions extends CallOptions {
  /** Lowest version, inclusive. Default: 1n. */
  readonly fromVersion?: bigint;
  /** Highest version, inclusive. Default: the last. */
  readonly toVersion?: bigint;
  /** Default: "forwards". */
  readonly direction?: "forwards" | "backwards";
  /** Most events, 1 or more. Default: all. */
  readonly limit?: bigint | number;
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
  };
  const answers = connection.stream((client, call) => client.read(request, call), options);
  for await (const { answer } of answers) {
    if (answer.case !== "page") continue;
    const { events } = answer.value;
    const last = events.at(-1);
    if (!last) continue;
    yield { events: toDomainEvents(events, registry), resumeFrom: last.aggregateVersion };
  }
}
