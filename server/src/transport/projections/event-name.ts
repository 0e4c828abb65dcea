import { invalidArgument } from "../../domain/error.js";
import type { ProjectionOwner } from "../../domain/projection.js";
import { parseTenantId } from "../../domain/tenant.js";
import { isUuid } from "../../domain/uuid.js";
import type { EventName } from "../../service/projections/dead-letter-record.js";

/**
 * The event that a dead letter is about. A tenant's own is of that tenant, and names none.
 *
 * @param field path of the message, with its dot; "" for the request
 * @throws AnnalsError invalid_argument
 */
export function parseEventName(
  owner: ProjectionOwner,
  { tenantId, eventId }: EventName,
  field: string,
): EventName {
  const tenantField = `${field}tenant_id`;
  if (owner !== "operator" && tenantId !== "") {
    throw invalidArgument(tenantField, "belongs to the all-tenants scope");
  }
  if (!isUuid(eventId)) throw invalidArgument(`${field}event_id`, "must be a UUID");
  return {
    tenantId: owner === "operator" ? parseTenantId(tenantId, tenantField) : owner,
    eventId: eventId.toLowerCase(),
  };
}
