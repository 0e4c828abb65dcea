import { AnnalsError } from "../domain/error.js";
import type { RecordedEvent } from "../domain/event.js";
import type { TenantId } from "../domain/tenant.js";
import type { ReadOptions } from "../store/store.js";
import type { ServiceContext } from "./context.js";

/**
 * The tenant's event with an id.
 *
 * @throws AnnalsError event_not_found, also when another tenant has an event of that id
 */
export async function getEvent(
  { store }: ServiceContext,
  tenantId: TenantId,
  eventId: string,
  options?: ReadOptions,
): Promise<RecordedEvent> {
  const event = await store.getEvent(tenantId, eventId, options);
  if (!event) throw new AnnalsError({ reason: "event_not_found", eventId });
  return event;
}
