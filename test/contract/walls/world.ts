import { randomUUID } from "node:crypto";
import type { StreamId } from "#server/domain/stream.js";
import { type MarkedTenant, newMarkedTenant, streamOf } from "./marks.js";
import { type Owner, tenantCount } from "./program.js";

/** What the actors of one run have in common. */
export class World {
  readonly tenants: readonly MarkedTenant[] = Array.from({ length: tenantCount }, newMarkedTenant);
  /** Page tokens that any tenant was given, and the position in its log that each stands for. */
  readonly tokens: { readonly token: string; readonly after: bigint }[] = [];
  /** What the common names of this run begin with: the server has seen others. */
  readonly #shared = randomUUID();
  readonly #begun = new Set<string>();
  readonly #written = new Set<string>();

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

  #others(tenant: MarkedTenant): MarkedTenant[] {
    return this.tenants.filter((other) => other !== tenant);
  }
}

function keyOf({ tenantId }: MarkedTenant, { aggregateType, aggregateId }: StreamId): string {
  return [tenantId, aggregateType, aggregateId].join("\0");
}
