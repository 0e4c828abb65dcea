import type { Instant } from "../../domain/instant.js";
import type { StreamId } from "../../domain/stream.js";
import { RecentMap } from "../recent-map.js";

/**
 * The streams, and the tenants, whose head is kept in memory: this many or up to twice as many, and never fewer than
 * a batch may have.
 */
const kept = 50_000;

/**
 * Where the logs and the streams end, as one batch left them: what a writer knows without asking, and
 * may act on only while that batch is the last one.
 */
export class KnownHeads {
  readonly #tenants = new RecentMap<bigint>(kept);
  readonly #streams = new RecentMap<bigint>(kept);

  constructor(
    /** The last batch, by the number that its writer drew for it. */
    public batch: bigint,
    public globalPosition: bigint,
    /** Of the latest event; undefined for an empty log. */
    public recordedAt: Instant | undefined,
  ) {}

  /** When to record: now, but never before the latest event. */
  recordedAtFrom(now: Instant): Instant {
    return this.recordedAt !== undefined && this.recordedAt > now ? this.recordedAt : now;
  }

  /** Last position of a tenant's log; undefined when it is not known. */
  tenant(tenantId: string): bigint | undefined {
    return this.#tenants.get(tenantId);
  }

  /** Version of a stream, by streamKey; undefined when it is not known. */
  stream(key: string): bigint | undefined {
    return this.#streams.get(key);
  }

  /** Tells another one, of the same batch, what this one knows. */
  copyTo(other: KnownHeads): void {
    for (const [tenantId, position] of this.#tenants.entries()) other.setTenant(tenantId, position);
    for (const [key, version] of this.#streams.entries()) other.setStream(key, version);
  }

  setTenant(tenantId: string, position: bigint): void {
    this.#tenants.set(tenantId, position);
  }

  setStream(key: string, version: bigint): void {
    this.#streams.set(key, version);
  }
}

/** Names hold no control characters, so NUL parts them. */
export function streamKey(tenantId: string, { aggregateType, aggregateId }: StreamId): string {
  return `${tenantId}\0${aggregateType}\0${aggregateId}`;
}
