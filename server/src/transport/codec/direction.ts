import { Direction as ProtoDirection, Scope } from "@annals/proto/annals/v1/event_store";
import { invalidArgument } from "../../domain/error.js";
import type { Direction } from "../../domain/log.js";

/** @throws AnnalsError invalid_argument for a value this server does not know */
export function parseDirection(direction: ProtoDirection, field: string): Direction {
  switch (direction) {
    case ProtoDirection.UNSPECIFIED:
    case ProtoDirection.FORWARDS:
      return "forwards";
    case ProtoDirection.BACKWARDS:
      return "backwards";
    default:
      direction satisfies never;
      throw invalidArgument(field, `${String(direction)} is not a Direction`);
  }
}

/**
 * Whether the whole log is meant.
 *
 * @throws AnnalsError invalid_argument for a value this server does not know
 */
export function isAllTenants(scope: Scope, field: string): boolean {
  switch (scope) {
    case Scope.UNSPECIFIED:
    case Scope.TENANT:
      return false;
    case Scope.ALL_TENANTS:
      return true;
    default:
      scope satisfies never;
      throw invalidArgument(field, `${String(scope)} is not a Scope`);
  }
}
