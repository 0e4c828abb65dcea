import type { TenantId } from "../../domain/tenant.js";
import type { TenantUsage } from "../store.js";
import type { Statements } from "./statements.js";

export function getTenantUsage(statements: Statements, tenantId: TenantId): TenantUsage {
  const row = statements.prepare(`${select} WHERE tenant_id = ?`).get(tenantId) as
    UsageRow | undefined;
  return row ? toUsage(row) : { tenantId, position: 0n, bytes: 0n, recordedAt: undefined };
}

export function listTenantUsage(
  statements: Statements,
  after: string,
  maxTenants: number,
): TenantUsage[] {
  const rows = statements
    .prepare(`${select} WHERE tenant_id > ? ORDER BY tenant_id LIMIT ?`)
    .all(after, maxTenants) as unknown as UsageRow[];
  return rows.map(toUsage);
}

type UsageRow = [tenantId: TenantId, position: bigint, bytes: bigint, recordedAt: bigint];

function toUsage([tenantId, position, bytes, recordedAt]: UsageRow): TenantUsage {
  return { tenantId, position, bytes, recordedAt };
}

const select = "SELECT tenant_id, position, bytes, recorded_at FROM tenants";
