import type { TenantId } from "../../domain/tenant.js";
import type { ReadOptions, TenantUsage } from "../store.js";
import { allTenants, type QueryPool } from "./query-pool.js";
import { toInstant } from "./row.js";

export async function getTenantUsage(
  pool: QueryPool,
  tenantId: TenantId,
  options?: ReadOptions,
): Promise<TenantUsage> {
  const [row] = await pool.query<UsageRow>(
    tenantId,
    `${select} WHERE tenant_id = $1`,
    [tenantId],
    options,
  );
  return row ? toUsage(row) : { tenantId, position: 0n, bytes: 0n, recordedAt: undefined };
}

export async function listTenantUsage(
  pool: QueryPool,
  after: string,
  maxTenants: number,
  options?: ReadOptions,
): Promise<TenantUsage[]> {
  const [where, values] = after === "" ? ["", []] : ["WHERE tenant_id > $2", [after]];
  const rows = await pool.query<UsageRow>(
    allTenants,
    `${select} ${where} ORDER BY tenant_id LIMIT $1`,
    [maxTenants, ...values],
    options,
  );
  return rows.map(toUsage);
}

type UsageRow = readonly [tenantId: string, position: string, bytes: string, recordedAt: string];

function toUsage([tenantId, position, bytes, recordedAt]: UsageRow): TenantUsage {
  return {
    tenantId: tenantId as TenantId,
    position: BigInt(position),
    bytes: BigInt(bytes),
    recordedAt: toInstant(recordedAt),
  };
}

const select = "SELECT tenant_id, position, bytes, recorded_at FROM annals.tenants";
