import type { Instant } from "../../domain/instant.js";
import type { StreamId } from "../../domain/stream.js";
import { RecentMap } from "../recent-map.js";
import type { Statements } from "./statements.js";

/** The streams whose version is kept in memory: this many or up to twice as many. */
const keptStreams = 50_000;

/**
 * Where the log, the tenants' logs and the streams end: what the only writer of the file knows
 * without asking it. Of what it knows, nothing may outlive a transaction that was rolled back.
 */
export class LogHeads {
  #global: { position: bigint; recordedAt: Instant } | undefined;
  readonly #tenants = new Map<string, bigint>();
  #streams = new RecentMap<bigint>(keptStreams);
  /** Bytes that this transaction added to each tenant that it wrote to. */
  readonly #touched = new Map<string, number>();

  constructor(private readonly statements: Statements) {}

  /** The last global position. */
  globalPosition(): bigint {
    return this.#readGlobal().position;
  }

  /** When to record: now, but never before the latest event. */
  recordedAt(now: Instant): Instant {
    const latest = this.#readGlobal().recordedAt;
    return now > latest ? now : latest;
  }

  /** The last position of a tenant's log. */
  positionOf(tenantId: string): bigint {
    let position = this.#tenants.get(tenantId);
    if (position === undefined) {
      const row = this.statements.prepare(selectTenant).get(tenantId) as [bigint] | undefined;
      position = row?.[0] ?? 0n;
      this.#tenants.set(tenantId, position);
    }
    return position;
  }

  /** The version of a stream. */
  versionOf(tenantId: string, stream: StreamId): bigint {
    const known = this.#streams.get(keyOf(tenantId, stream));
    if (known !== undefined) return known;
    const row = this.statements
      .prepare(selectStream)
      .get(tenantId, stream.aggregateType, stream.aggregateId) as [bigint] | undefined;
    return row?.[0] ?? 0n;
  }

  /** Events were inserted: moves the heads on. */
  advance(
    tenantId: string,
    stream: StreamId,
    version: bigint,
    count: bigint,
    bytes: number,
    recordedAt: Instant,
  ): void {
    const global = this.#readGlobal();
    global.position += count;
    global.recordedAt = recordedAt;
    this.#tenants.set(tenantId, this.positionOf(tenantId) + count);
    this.#touched.set(tenantId, (this.#touched.get(tenantId) ?? 0) + bytes);
    this.#streams.set(keyOf(tenantId, stream), version);
  }

  /** Writes the heads of the tenants that this transaction wrote to. */
  save(recordedAt: Instant): void {
    const upsert = this.statements.prepare(upsertTenant);
    for (const [tenantId, bytes] of this.#touched) {
      upsert.run(tenantId, this.positionOf(tenantId), recordedAt, bytes);
    }
    this.#touched.clear();
  }

  /** The transaction was rolled back: what is known may be wrong. */
  forget(): void {
    this.#global = undefined;
    this.#tenants.clear();
    this.#streams = new RecentMap(keptStreams);
    this.#touched.clear();
  }

  #readGlobal(): { position: bigint; recordedAt: Instant } {
    if (!this.#global) {
      const row = this.statements.prepare(selectLast).get() as [bigint, Instant] | undefined;
      this.#global = { position: row?.[0] ?? 0n, recordedAt: row?.[1] ?? -(2n ** 62n) };
    }
    return this.#global;
  }
}

/** Names hold no control characters, so NUL parts them. */
function keyOf(tenantId: string, { aggregateType, aggregateId }: StreamId): string {
  return `${tenantId}\0${aggregateType}\0${aggregateId}`;
}

const selectLast =
  "SELECT global_position, recorded_at FROM events ORDER BY global_position DESC LIMIT 1";

const selectTenant = "SELECT position FROM tenants WHERE tenant_id = ?";

const selectStream = `
  SELECT aggregate_version FROM events INDEXED BY events_by_stream
  WHERE tenant_id = ? AND aggregate_type = ? AND aggregate_id = ?
  ORDER BY aggregate_version DESC LIMIT 1`;

const upsertTenant = `
  INSERT INTO tenants (tenant_id, position, recorded_at, bytes) VALUES (?, ?, ?, ?)
  ON CONFLICT (tenant_id) DO UPDATE SET position = excluded.position,
    recorded_at = excluded.recorded_at, bytes = bytes + excluded.bytes`;
