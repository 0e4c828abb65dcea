import type { ReadAllRequest } from "@annals/proto/annals/v1/event_store";
import { invalidArgument } from "../../domain/error.js";
import type { EventFilter } from "../../domain/filter.js";
import type { Direction } from "../../domain/log.js";
import type { ServiceContext } from "../../service/context.js";
import { parseFilter } from "../codec/filter.js";
import { clampPosition } from "../codec/position.js";

type Start = ReadAllRequest["start"];
type Cursors = Pick<ServiceContext["store"], "placeOf">;

/** Which way a log is read, and from where; undefined: from its beginning, or backwards its end. */
export interface LogStart<Place> {
  readonly direction: Direction;
  readonly from: Place | undefined;
}

/** @throws AnnalsError invalid_argument for a cursor: it belongs to the all-tenants scope */
export function parseTenantStart(start: Start): LogStart<bigint> {
  switch (start.case) {
    case undefined:
      return { direction: "forwards", from: undefined };
    case "afterPosition":
      return { direction: "forwards", from: clampPosition(start.value) };
    case "beforePosition":
      return {
        direction: "backwards",
        from: start.value === 0n ? undefined : clampPosition(start.value),
      };
    case "afterCursor":
      throw notInTenantScope("after_cursor");
    case "beforeCursor":
      throw notInTenantScope("before_cursor");
    default:
      return start satisfies never;
  }
}

/**
 * @param cursors the store, which knows its own
 * @throws AnnalsError invalid_argument for a position, which belongs to one tenant's log, and for what
 *   is no cursor
 */
export function parseWholeStart(start: Start, cursors: Cursors): LogStart<string> {
  switch (start.case) {
    case undefined:
      return { direction: "forwards", from: undefined };
    case "afterCursor":
      return { direction: "forwards", from: parseCursor(start.value, "after_cursor", cursors) };
    case "beforeCursor":
      return { direction: "backwards", from: parseCursor(start.value, "before_cursor", cursors) };
    case "afterPosition":
      throw notInAllTenantsScope("after_position");
    case "beforePosition":
      throw notInAllTenantsScope("before_position");
    default:
      return start satisfies never;
  }
}

/** Which events of a log. */
export interface LogPicks {
  readonly filter: EventFilter;
  /** Most events; undefined: all. */
  readonly limit: bigint | undefined;
}

/** @throws AnnalsError invalid_argument or limit_exceeded */
export function parseTenantFilter(request: ReadAllRequest): LogPicks {
  if (request.filter && request.filter.tenantIds.length > 0) {
    throw invalidArgument("filter.tenant_ids", "belongs to the all-tenants scope");
  }
  return parseWholeFilter(request);
}

/** @throws AnnalsError invalid_argument or limit_exceeded */
export function parseWholeFilter({ filter, limit }: ReadAllRequest): LogPicks {
  return { filter: parseFilter(filter, "filter"), limit: limit === 0n ? undefined : limit };
}

function parseCursor(cursor: string, field: string, cursors: Cursors): string {
  try {
    cursors.placeOf(cursor);
    return cursor;
  } catch {
    throw invalidArgument(field, "is not a cursor of this server");
  }
}

function notInTenantScope(field: string): Error {
  return invalidArgument(
    field,
    "belongs to the all-tenants scope; a tenant's log takes a position",
  );
}

function notInAllTenantsScope(field: string): Error {
  return invalidArgument(field, "belongs to a tenant's log; the all-tenants scope takes a cursor");
}
