import type { RecordedEvent } from "../../domain/event.js";
import { decodeFrame } from "../../domain/event-frame.js";
import { isUuid } from "../../domain/uuid.js";
import type { ReadOptions } from "../store.js";
import type { QueryPool } from "./query-pool.js";
import { toBytes } from "./row.js";

export async function getEvent(
  pool: QueryPool,
  tenantId: string,
  eventId: string,
  options?: ReadOptions,
): Promise<RecordedEvent | undefined> {
  if (!isUuid(eventId)) return undefined;
  const [row] = await pool.query<[string, string]>(
    tenantId,
    `SELECT global_position, encode(frame, 'base64') FROM annals.events
     WHERE tenant_id = $1 AND event_id BETWEEN $2 AND $2 ORDER BY event_id`,
    [tenantId, eventId],
    options,
  );
  return row && { globalPosition: BigInt(row[0]), ...decodeFrame(toBytes(row[1])) };
}
