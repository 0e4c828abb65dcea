import type { LogHead, WholeLogHead } from "../../domain/log.js";
import { encodeCursor } from "../global-cursor.js";
import type { Statements } from "./statements.js";

export function getHead(statements: Statements, tenantId: string): LogHead {
  const row = statements
    .prepare("SELECT position, recorded_at FROM tenants WHERE tenant_id = ?")
    .get(tenantId) as [bigint, bigint] | undefined;
  return { position: row?.[0] ?? 0n, recordedAt: row?.[1] };
}

export function getWholeHead(statements: Statements): WholeLogHead {
  const row = statements
    .prepare(
      "SELECT global_position, recorded_at FROM events ORDER BY global_position DESC LIMIT 1",
    )
    .get() as [bigint, bigint] | undefined;
  const globalPosition = row?.[0] ?? 0n;
  return { cursor: encodeCursor(globalPosition), globalPosition, recordedAt: row?.[1] };
}
