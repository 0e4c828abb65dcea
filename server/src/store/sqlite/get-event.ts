import { tenantNo } from "./numbers.js";
import type { EventRow } from "./row.js";
import type { Statements } from "./statements.js";

export function getEvent(
  statements: Statements,
  tenantId: string,
  eventId: string,
): EventRow | undefined {
  return statements
    .prepare(
      `SELECT position, global_position, frame FROM events WHERE tenant_no = ${tenantNo} AND event_id = ?`,
    )
    .get(tenantId, eventId) as EventRow | undefined;
}
