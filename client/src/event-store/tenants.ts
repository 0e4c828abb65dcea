import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type ConfigureTenantRequestSchema,
  type Tenant as ProtoTenant,
  type TenantLimits as ProtoTenantLimits,
  Tenants as TenantsService,
} from "@annals/proto/annals/v1/tenants";
import type { CallOptions, Connection } from "../connection/connection.js";
import { AnnalsError } from "../connection/errors.js";
import { toDate } from "./codec.js";
import { toWireCount, toWireString, toWireStrings } from "./wire-values.js";

/** Limits of one tenant. One that is absent does not exist. `annals/v1/tenants.proto` tells more. */
export interface TenantLimits {
  readonly appendEventsPerSecond?: bigint;
  readonly appendBytesPerSecond?: bigint;
  readonly eventsPerDay?: bigint;
  readonly storedBytes?: bigint;
  readonly openStreams?: bigint;
  readonly pageEvents?: bigint;
}

/** What a tenant may know of itself. */
export interface OwnTenant {
  readonly tenantId: string;
  /** Empty when it was never set. */
  readonly displayName: string;
  /** Names that the application gives a meaning. */
  readonly features: readonly string[];
  /** The limits that hold for it. */
  readonly effectiveLimits: TenantLimits;
}

/** What the operator knows of a tenant. */
export interface Tenant extends OwnTenant {
  /** The limits set for this tenant; the others are the server's defaults. */
  readonly limits: TenantLimits;
  /** Undefined: its calls are let in. */
  readonly suspension: { readonly suspendedAt: Date; readonly reason: string } | undefined;
  readonly eventCount: bigint;
  /** 0n when it has no events. */
  readonly lastPosition: bigint;
  readonly lastRecordedAt: Date | undefined;
  /** Bytes of its events, by the server's count. */
  readonly storedBytes: bigint;
  /** Counts the changes of its configuration. */
  readonly revision: bigint;
}

/** What to change of a tenant; what is absent stays. */
export interface TenantChanges {
  readonly displayName?: string;
  /** All of them. */
  readonly features?: readonly string[];
  /** All of them: one that is absent falls back to the server's default. */
  readonly limits?: TenantLimits;
  /** Change only what is at this revision. Default: whatever it is. */
  readonly expectedRevision?: bigint;
}

/**
 * The operator's view of tenants; needs the scope `tenants:admin`, but for `current`. What is changed
 * holds on every server within a second.
 */
export class Tenants {
  /** @internal use `annals.tenants` */
  constructor(private readonly connection: Connection) {}

  /**
   * The tenants that have events or were configured, by id.
   *
   * @throws AnnalsError permission_denied
   */
  async *list(options: CallOptions = {}): AsyncGenerator<Tenant, void, undefined> {
    let pageToken = "";
    do {
      const request = { pageToken };
      const answer = await this.connection.callOf(
        TenantsService,
        (client, call) => client.listTenants(request, call),
        options,
      );
      for (const tenant of answer.tenants) yield toTenant(tenant);
      pageToken = answer.nextPageToken;
    } while (pageToken !== "");
  }

  /** One tenant, also one never heard of. @throws AnnalsError permission_denied, invalid_argument */
  async describe(tenantId: string, options?: CallOptions): Promise<Tenant> {
    const request = { tenantId: toWireString("tenant_id", tenantId) };
    const { tenant } = await this.connection.callOf(
      TenantsService,
      (client, call) => client.describeTenant(request, call),
      options,
    );
    return toTenant(tenant);
  }

  /** Changes a tenant. @throws AnnalsError revision_conflict, permission_denied, invalid_argument */
  async configure(
    tenantId: string,
    changes: TenantChanges,
    options?: CallOptions,
  ): Promise<Tenant> {
    const request = toConfigureRequest(tenantId, changes);
    const { tenant } = await this.connection.writeOf(
      TenantsService,
      (client, call) => client.configureTenant(request, call),
      options,
    );
    return toTenant(tenant);
  }

  /** Refuses the tenant's calls from now on, and ends its streams. @throws AnnalsError permission_denied */
  async suspend(tenantId: string, reason: string, options?: CallOptions): Promise<Tenant> {
    const request = {
      tenantId: toWireString("tenant_id", tenantId),
      reason: toWireString("reason", reason),
    };
    const { tenant } = await this.connection.writeOf(
      TenantsService,
      (client, call) => client.suspendTenant(request, call),
      options,
    );
    return toTenant(tenant);
  }

  /** Lets the tenant's calls in again. @throws AnnalsError permission_denied */
  async resume(tenantId: string, options?: CallOptions): Promise<Tenant> {
    const request = { tenantId: toWireString("tenant_id", tenantId) };
    const { tenant } = await this.connection.writeOf(
      TenantsService,
      (client, call) => client.resumeTenant(request, call),
      options,
    );
    return toTenant(tenant);
  }

  /** The caller's own tenant. @throws AnnalsError permission_denied without a tenant, tenant_suspended */
  async current(options?: CallOptions): Promise<OwnTenant> {
    const own = await this.connection.callOf(
      TenantsService,
      (client, call) => client.getCurrentTenant({}, call),
      options,
    );
    const { tenantId, displayName, features } = own;
    return { tenantId, displayName, features, effectiveLimits: toLimits(own.effectiveLimits) };
  }
}

function toConfigureRequest(
  tenantId: string,
  { displayName, features, limits, expectedRevision }: TenantChanges,
): MessageInitShape<typeof ConfigureTenantRequestSchema> {
  return {
    tenantId: toWireString("tenant_id", tenantId),
    ...(displayName === undefined
      ? {}
      : { displayName: toWireString("display_name", displayName) }),
    ...(features === undefined
      ? {}
      : { features: { features: toWireStrings("features.features", features) } }),
    ...(limits === undefined ? {} : { limits: toWireLimits(limits) }),
    ...(expectedRevision === undefined
      ? {}
      : { expectedRevision: toWireCount("expected_revision", expectedRevision, 0n) }),
  };
}

const limitNames = [
  "appendEventsPerSecond",
  "appendBytesPerSecond",
  "eventsPerDay",
  "storedBytes",
  "openStreams",
  "pageEvents",
] as const satisfies readonly (keyof TenantLimits)[];

function toWireLimits(limits: TenantLimits): TenantLimits {
  const set = limitNames.flatMap((name) => {
    const maximum = limits[name];
    return maximum === undefined ? [] : [[name, toWireCount(`limits.${name}`, maximum, 0n)]];
  });
  return Object.fromEntries(set) as TenantLimits;
}

function toLimits(limits: ProtoTenantLimits | undefined): TenantLimits {
  const set = limitNames.flatMap((name) => {
    const maximum = limits?.[name];
    return maximum === undefined ? [] : [[name, maximum]];
  });
  return Object.fromEntries(set) as TenantLimits;
}

function toTenant(tenant: ProtoTenant | undefined): Tenant {
  if (!tenant) throw new AnnalsError("internal", "the server answered no tenant", {});
  const { tenantId, displayName, features, suspension, lastRecordedAt } = tenant;
  return {
    ...{ tenantId, displayName, features },
    limits: toLimits(tenant.limits),
    effectiveLimits: toLimits(tenant.effectiveLimits),
    suspension: suspension && {
      suspendedAt: toDate(suspension.suspendedAt),
      reason: suspension.reason,
    },
    eventCount: tenant.eventCount,
    lastPosition: tenant.lastPosition,
    lastRecordedAt: lastRecordedAt && toDate(lastRecordedAt),
    storedBytes: tenant.storedBytes,
    revision: tenant.revision,
  };
}
