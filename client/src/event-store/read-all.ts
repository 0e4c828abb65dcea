import { type ReadAllRequest, Scope } from "@annals/proto/annals/v1/event_store";
import type { CallOptions, Connection } from "../connection/connection.js";
import { AnnalsError } from "../connection/errors.js";
import type { EventRegistry } from "../events/registry.js";
import { type EventFilter, toDomainEvent, toProtoFilter } from "./codec.js";
import type { EventPage } from "./event-stream.js";

/** Which events of a log. */
export interface ReadAllOptions extends CallOptions {
  /** "tenant": the caller's log. "all-tenants": the whole log, for operators. Default: "tenant". */
  readonly scope?: "tenant" | "all-tenants";
  /** Exclusive: a position in a tenant's log, a cursor in the whole log. Default: the beginning. */
  readonly after?: bigint | string;
  /** Exclusive, and reads backwards; 0n or "" is the end. Not together with `after`. */
  readonly before?: bigint | string;
  readonly filter?: EventFilter;
  /** Most events. Default: all. */
  readonly limit?: bigint | number;
}

export async function* readAllPages(
  connection: Connection,
  registry: EventRegistry,
  options: ReadAllOptions = {},
): AsyncGenerator<EventPage, void, undefined> {
  const filter = toProtoFilter(options.filter);
  const request = {
    scope: options.scope === "all-tenants" ? Scope.ALL_TENANTS : Scope.TENANT,
    start: toStart(options),
    limit: BigInt(options.limit ?? 0n),
    ...(filter && { filter }),
  };
  const whole = options.scope === "all-tenants";
  const answers = connection.stream((client, call) => client.readAll(request, call), options);
  for await (const { answer } of answers) {
    if (answer.case === "page") {
      const { events: raw, globalPositions, cursor } = answer.value;
      const events = raw.map((event, i) => toDomainEvent(event, globalPositions[i], registry));
      const last = events.at(-1);
      if (last) yield { events, resumeFrom: whole ? cursor : last.position };
    } else if (answer.case === "checkpoint") {
      yield { events: [], resumeFrom: whole ? answer.value.cursor : answer.value.position };
    }
  }
}

function toStart({ after, before }: ReadAllOptions): ReadAllRequest["start"] {
  if (after !== undefined && before !== undefined) {
    throw new AnnalsError("invalid_options", "after and before exclude each other", {});
  }
  if (typeof after === "bigint") return { case: "afterPosition", value: after };
  if (typeof after === "string") return { case: "afterCursor", value: after };
  if (typeof before === "bigint") return { case: "beforePosition", value: before };
  if (typeof before === "string") return { case: "beforeCursor", value: before };
  return { case: undefined };
}
