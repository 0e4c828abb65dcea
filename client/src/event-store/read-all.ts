import { type ReadAllRequest, Scope } from "@annals/proto/annals/v1/event_store";
import type { CallOptions, Connection } from "../connection/connection.js";
import { AnnalsError } from "../connection/errors.js";
import type { EventRegistry } from "../events/registry.js";
import { type EventFilter, toDomainEvents, toProtoFilter } from "./codec.js";
import type { UndecodedPage } from "./event-stream.js";
import { toWireCount, toWireString } from "./wire-values.js";

/** Which events of a log. */
export interface ReadAllOptions extends CallOptions {
  /** "tenant": the caller's log. "all-tenants": the whole log, for operators. Default: "tenant". */
  readonly scope?: "tenant" | "all-tenants";
  /** Exclusive: a position in a tenant's log, a cursor in the whole log. Default: the beginning. */
  readonly after?: bigint | string;
  /** Exclusive, and reads backwards; 0n or "" is the end. Not together with `after`. */
  readonly before?: bigint | string;
  readonly filter?: EventFilter;
  /** Most events, 1 or more. Default: all. */
  readonly limit?: bigint | number;
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
    ...(filter && { filter }),
  };
  const whole = options.scope === "all-tenants";
  const answers = connection.stream((client, call) => client.readAll(request, call), options);
  for await (const { answer } of answers) {
    if (answer.case === "page") {
      const { events, globalPositions, cursor } = answer.value;
      const last = events.at(-1);
      if (!last) continue;
      const decoded = toDomainEvents(events, registry, globalPositions);
      yield { events: decoded, resumeFrom: whole ? cursor : last.position };
    } else if (answer.case === "checkpoint") {
      yield { events: [], resumeFrom: whole ? answer.value.cursor : answer.value.position };
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
