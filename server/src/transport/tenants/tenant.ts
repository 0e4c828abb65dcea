import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  TenantLimits as ProtoTenantLimits,
  TenantLimitsSchema,
  TenantSchema,
} from "@annals/proto/annals/v1/tenants";
import { invalidArgument } from "../../domain/error.js";
import { type TenantLimits, tenantLimits } from "../../domain/tenant-settings.js";
import type { TenantDescription } from "../../service/tenants/describe-tenant.js";
import { toTimestamp } from "../codec/timestamp.js";

const limitKeys = Object.keys(tenantLimits) as readonly (keyof TenantLimits)[];

/** A tenant as the wire has it. */
export function toTenant(tenant: TenantDescription): MessageInitShape<typeof TenantSchema> {
  const { settings, usage } = tenant;
  return {
    tenantId: tenant.tenantId,
    displayName: settings.displayName,
    features: [...settings.features],
    ...(settings.suspension
      ? {
          suspension: {
            suspendedAt: toTimestamp(settings.suspension.suspendedAt),
            reason: settings.suspension.reason,
          },
        }
      : {}),
    limits: toTenantLimits(settings.limits),
    effectiveLimits: toTenantLimits(tenant.limits),
    eventCount: usage.position,
    firstPosition: usage.position > 0n ? 1n : 0n,
    lastPosition: usage.position,
    ...(usage.recordedAt === undefined ? {} : { lastRecordedAt: toTimestamp(usage.recordedAt) }),
    storedBytes: usage.bytes,
    revision: tenant.revision,
  };
}

export function toTenantLimits(limits: TenantLimits): MessageInitShape<typeof TenantLimitsSchema> {
  const set = limitKeys.flatMap((key) => {
    const maximum = limits[key];
    return maximum === undefined ? [] : [[key, BigInt(maximum)]];
  });
  return Object.fromEntries(set) as MessageInitShape<typeof TenantLimitsSchema>;
}

/** @throws AnnalsError invalid_argument for 0, and for more than can be set */
export function parseTenantLimits(limits: ProtoTenantLimits, field: string): TenantLimits {
  const set = limitKeys.flatMap((key) => {
    const value = limits[key];
    if (value === undefined) return [];
    const path = `${field}.${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    const { highest } = tenantLimits[key];
    if (value === 0n || value > BigInt(highest)) {
      throw invalidArgument(path, `must be 1 to ${highest}; leave it out for none`);
    }
    return [[key, Number(value)]];
  });
  return Object.fromEntries(set) as TenantLimits;
}
