import { type Checkpoint, type ReadAllRequest, Scope } from "@annals/proto/annals/v1/event_store";
import type { CallOptions, Connection } from "../connection/connection.js";
import { AnnalsError } from "../connection/errors.js";
import type { EventRegistry } from "../events/registry.js";
import type { UnknownEvents } from "../events/unknown-events.js";
import { type EventFilter, toProtoFilter } from "./codec.js";
import { EventDecoder } from "./decode-event.js";
import { DecodedEvents } from "./decoded-events.js";
import type { UndecodedPage } from "./event-stream.js";
import { toWireCount, toWireString } from "./wire-values.js";

/** Which events of a log. */
export interface ReadAllOptions extends CallOptions {
  /** What becomes of events that no definition names. Default: "json". */
  readonly unknownEvents?: UnknownEvents;
  /** "tenant": the caller's log. "all-tenants": the whole log, for operators. Default: "tenant". */
  readonly scope?: "tenant" | "all-tenants";
  /** Exclusive: a position in a tenant's log, a cursor in the whole log. Default: the beginning. */
  readonly after?: bigint | string;
  /** Exclusive, and reads backwards; 0n or "" is the end. Not together with `after`. */
  readonly before?: bigint | string;
  readonly filter?: EventFilter;
  /** Most events, 1 or more. Default: all. */
  readonly limit?: bigint | number;
  /**
   * Go on with the events still to come. The loop ends when it is left, `signal` is aborted or the
   * limit is met. Default: false. To go on over a lost connection too, use `subscribe`.
   */
  readonly follow?: boolean;
}

export async function* readAllPages(
  connection: Connection,
  registry: EventRegistry,
  options: ReadAllOptions = {},
): AsyncGenerator<UndecodedPage, void, undefined> {
  const filter = toProtoFilter(options.filter);
  const request = {
    scope: options.scope === "all-tenants" ? Scope.ALL_TENANTS : Scope.TENANT,
    start: toStart(options),
    limit: toWireCount("limit", options.limit, 1n),
    follow: options.follow ?? false,
    ...(filter && { filter }),
  };
  const whole = options.scope === "all-tenants";
  const answers = connection.stream((client, call) => client.readAll(request, call), options);
  const placeOf = (checkpoint: Checkpoint | undefined): bigint | string =>
    whole ? (checkpoint?.cursor ?? "") : (checkpoint?.position ?? 0n);
  for await (const { answer } of answers) {
    switch (answer.case) {
      case "page": {
        const { events, globalPositions, cursor } = answer.value;
        const last = events.at(-1);
        if (!last) continue;
        const { unknownEvents } = options;
        const decoded = new DecodedEvents(events, registry, unknownEvents, globalPositions);
        const resumeFrom = whole ? cursor : new EventDecoder().decode(last).position;
        yield { events: decoded, resumeFrom };
        break;
      }
      case "checkpoint":
        yield { events: [], resumeFrom: placeOf(answer.value) };
        break;
      case "caughtUp":
        yield { events: [], resumeFrom: placeOf(answer.value.checkpoint), mark: "caught_up" };
        break;
      case "fellBehind":
        yield { events: [], resumeFrom: placeOf(answer.value.checkpoint), mark: "fell_behind" };
        break;
      case undefined: // the head, or what a newer server has to say
    }
  }
}

function toStart({ after, before }: ReadAllOptions): ReadAllRequest["start"] {
  if (after !== undefined && before !== undefined) {
    throw new AnnalsError("invalid_options", "after and before exclude each other", {});
  }
  if (typeof after === "string") {
    return { case: "afterCursor", value: toWireString("after_cursor", after) };
  }
  if (typeof before === "string") {
    return { case: "beforeCursor", value: toWireString("before_cursor", before) };
  }
  if (before !== undefined) {
    return { case: "beforePosition", value: toWireCount("before_position", before, 0n) };
  }
  if (after === undefined) return { case: undefined };
  return { case: "afterPosition", value: toWireCount("after_position", after, 0n) };
}
