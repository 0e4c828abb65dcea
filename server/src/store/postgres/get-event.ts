import type { RecordedEvent } from "../../domain/event.js";
import { isUuid } from "../../domain/uuid.js";
import type { ReadOptions } from "../store.js";
import type { ReadPool } from "./read-pool.js";
import { eventColumns, type EventRow, toRecordedEvent } from "./row.js";

export async function getEvent(
  pool: ReadPool,
  tenantId: string,
  eventId: string,
  options?: ReadOptions,
): Promise<RecordedEvent | undefined> {
  if (!isUuid(eventId)) return undefined;
  const [row] = await pool.query<EventRow>(
    tenantId,
    `SELECT ${eventColumns} FROM annals.events WHERE tenant_id = $1 AND event_id BETWEEN $2 AND $2 ORDER BY event_id`,
    [tenantId, eventId],
    options,
  );
  return row && toRecordedEvent(row);
}
