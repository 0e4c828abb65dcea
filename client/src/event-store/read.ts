import { Direction } from "@annals/proto/annals/v1/event_store";
import type { CallOptions, Connection } from "../connection/connection.js";
import type { EventRegistry } from "../events/registry.js";
import type { StreamId } from "./append.js";
import { toDomainEvent } from "./codec.js";
import type { EventPage } from "./event-stream.js";

/** Which events of a stream. */
export interface ReadOptions extends CallOptions {
  /** Lowest version, inclusive. Default: 1n. */
  readonly fromVersion?: bigint;
  /** Highest version, inclusive. Default: the last. */
  readonly toVersion?: bigint;
  /** Default: "forwards". */
  readonly direction?: "forwards" | "backwards";
  /** Most events. Default: all. */
  readonly limit?: bigint | number;
}

export async function* readPages(
  connection: Connection,
  registry: EventRegistry,
  stream: StreamId,
  options: ReadOptions = {},
): AsyncGenerator<EventPage, void, undefined> {
  const { fromVersion = 0n, toVersion = 0n, direction = "forwards", limit = 0n } = options;
  const request = {
    stream: { ...stream },
    fromVersion,
    toVersion,
    direction: direction === "forwards" ? Direction.FORWARDS : Direction.BACKWARDS,
    limit: BigInt(limit),
  };
  const answers = connection.stream((client, call) => client.read(request, call), options);
  for await (const { answer } of answers) {
    if (answer.case !== "page") continue;
    const events = answer.value.events.map((event) => toDomainEvent(event, undefined, registry));
    const last = events.at(-1);
    if (last) yield { events, resumeFrom: last.aggregateVersion };
  }
}
