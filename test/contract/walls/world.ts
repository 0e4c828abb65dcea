import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { StreamId } from "#server/domain/stream.js";
import { type MarkedTenant, newMarkedTenant, streamOf } from "./marks.js";
import { type Owner, tenantCount } from "./program.js";

/** What an operator says of a tenant. */
export interface Configuration {
  readonly displayName: string;
  readonly features: readonly string[];
}

/** What the actors of one run have in common. */
export class World {
  readonly tenants: readonly MarkedTenant[] = Array.from({ length: tenantCount }, newMarkedTenant);
  /** Page tokens that any tenant was given, and the position in its log that each stands for. */
  readonly tokens: { readonly token: string; readonly after: bigint }[] = [];
  /** What the common names of this run begin with: the server has seen others. */
  readonly #shared = randomUUID();
  /** A tenant of which only operators speak. */
  readonly bystander: MarkedTenant = newMarkedTenant();
  readonly #begun = new Set<string>();
  readonly #written = new Set<string>();
  /** By its display name. */
  readonly #configured = new Map<string, Configuration>();

  stream(owner: Owner, n: number): StreamId {
    const tenant = this.tenant(owner);
    if (tenant) return streamOf(tenant, n);
    return { aggregateType: "Shared", aggregateId: `${this.#shared}-${String(n)}` };
  }

  tenant(owner: Owner): MarkedTenant | undefined {
    return owner === "shared" ? undefined : this.tenants[owner];
  }

  /** A tenant is about to write to a stream: from now on it may be there. */
  begins(tenant: MarkedTenant, stream: StreamId): void {
    this.#begun.add(keyOf(tenant, stream));
  }

  /** A tenant has written to a stream: from now on it is there. */
  hasWritten(tenant: MarkedTenant, stream: StreamId): void {
    this.#written.add(keyOf(tenant, stream));
  }

  /** Whether a tenant other than this one may have a stream of that name. */
  mayBeForeign(tenant: MarkedTenant, stream: StreamId): boolean {
    return this.#others(tenant).some((other) => this.#begun.has(keyOf(other, stream)));
  }

  /** Whether another one has for certain. */
  isForeign(tenant: MarkedTenant, stream: StreamId): boolean {
    return this.#others(tenant).some((other) => this.#written.has(keyOf(other, stream)));
  }

  /** What an operator sets a tenant's name and features to, the n-th that there is. */
  configurationOf({ marks }: MarkedTenant, n: number): Configuration {
    return {
      displayName: `${marks.displayName}-${String(n)}`,
      features: [`${marks.feature}-${String(n)}`],
    };
  }

  /** An operator is about to configure a tenant so. */
  configures(tenant: MarkedTenant, n: number): void {
    const { displayName } = this.configurationOf(tenant, n);
    this.#configured.set(displayName, this.configurationOf(tenant, n));
  }

  /** What an answer says of a tenant was once set for it, as a whole. */
  expectConfigured({ marks }: MarkedTenant, answer: Configuration | undefined): void {
    const { displayName = "", features = [] } = answer ?? {};
    const was = this.#configured.get(displayName) ?? { displayName: "", features: [] };
    expect({ displayName, features }).toEqual(was);
    expect(displayName === "" || displayName.startsWith(marks.displayName)).toBe(true);
  }

  #others(tenant: MarkedTenant): MarkedTenant[] {
    return this.tenants.filter((other) => other !== tenant);
  }
}

function keyOf({ tenantId }: MarkedTenant, { aggregateType, aggregateId }: StreamId): string {
  return [tenantId, aggregateType, aggregateId].join("\0");
}
