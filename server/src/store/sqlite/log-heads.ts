import type { Instant } from "../../domain/instant.js";
import type { StreamId } from "../../domain/stream.js";
import { RecentMap } from "../recent-map.js";
import type { Statements } from "./statements.js";

/** The streams that are kept in memory: this many or up to twice as many. */
const keptStreams = 50_000;

/** The tenants that are kept, and those of one batch. */
const keptTenants = 50_000;

/** Where a tenant's log ends. */
export interface TenantHead {
  /** Undefined: it has no events yet. */
  no: bigint | undefined;
  /** Of its last event. */
  position: bigint;
}

/** Where a stream ends. */
export interface StreamHead {
  /** Undefined: it has no events yet. */
  no: bigint | undefined;
  version: bigint;
}

/**
 * Where the log, the tenants' logs and the streams end: what the only writer of the file knows
 * without asking it. Of what it knows, nothing may outlive a transaction that was rolled back.
 */
export class LogHeads {
  #global: { position: bigint; recordedAt: Instant } | undefined;
  readonly #tenants = new Map<string, TenantHead>();
  #streams = new RecentMap<StreamHead>(keptStreams);
  /** Bytes that this transaction added to each tenant that it wrote to. */
  readonly #added = new Map<TenantHead, number>();

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

  tenant(tenantId: string): TenantHead {
    let head = this.#tenants.get(tenantId);
    if (!head) {
      const row = this.statements.prepare(selectTenant).get(tenantId) as
        [no: bigint, position: bigint] | undefined;
      head = { no: row?.[0], position: row?.[1] ?? 0n };
      this.#tenants.set(tenantId, head);
    }
    return head;
  }

  stream(tenant: TenantHead, stream: StreamId): StreamHead {
    if (tenant.no === undefined) return { no: undefined, version: 0n };
    const key = keyOf(tenant.no, stream);
    let head = this.#streams.get(key);
    if (!head) {
      const { aggregateType, aggregateId } = stream;
      const row = this.statements
        .prepare(selectStream)
        .get(tenant.no, aggregateType, aggregateId) as [no: bigint, version: bigint] | undefined;
      head = { no: row?.[0], version: row?.[1] ?? 0n };
      this.#streams.set(key, head);
    }
    return head;
  }

  /** The numbers of a tenant and a stream that events are about to be written to. */
  numbers(
    tenantId: string,
    tenant: TenantHead,
    stream: StreamId,
    head: StreamHead,
  ): [tenantNo: bigint, streamNo: bigint] {
    tenant.no ??= this.#insert(insertTenant, tenantId);
    head.no ??= this.#insert(insertStream, tenant.no, stream.aggregateType, stream.aggregateId);
    this.#streams.set(keyOf(tenant.no, stream), head);
    return [tenant.no, head.no];
  }

  /** Events were inserted: moves the heads on. */
  advance(
    tenant: TenantHead,
    stream: StreamHead,
    count: bigint,
    bytes: number,
    recordedAt: Instant,
  ): void {
    const global = this.#readGlobal();
    global.position += count;
    global.recordedAt = recordedAt;
    tenant.position += count;
    stream.version += count;
    this.#added.set(tenant, (this.#added.get(tenant) ?? 0) + bytes);
  }

  /** Writes the heads of the tenants that this transaction wrote to. */
  save(recordedAt: Instant): void {
    const update = this.statements.prepare(updateTenant);
    for (const [{ no, position }, bytes] of this.#added) {
      update.run(position, recordedAt, bytes, no ?? null);
    }
    this.#added.clear();
    if (this.#tenants.size > keptTenants) this.#tenants.clear();
  }

  /** The transaction was rolled back: what is known may be wrong. */
  forget(): void {
    this.#global = undefined;
    this.#tenants.clear();
    this.#streams = new RecentMap(keptStreams);
    this.#added.clear();
  }

  #insert(sql: string, ...values: readonly (string | bigint)[]): bigint {
    const [no] = this.statements.prepare(sql).get(...values) as unknown as [bigint];
    return no;
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
function keyOf(tenantNo: bigint, { aggregateType, aggregateId }: StreamId): string {
  return `${tenantNo}\0${aggregateType}\0${aggregateId}`;
}

const selectLast =
  "SELECT global_position, recorded_at FROM events ORDER BY global_position DESC LIMIT 1";

const selectTenant = "SELECT tenant_no, position FROM tenants WHERE tenant_id = ?";

const selectStream = `
  SELECT stream_no, (
    SELECT aggregate_version FROM events INDEXED BY events_by_stream
    WHERE events.tenant_no = streams.tenant_no AND events.stream_no = streams.stream_no
    ORDER BY aggregate_version DESC LIMIT 1)
  FROM streams WHERE tenant_no = ? AND aggregate_type = ? AND aggregate_id = ?`;

const insertTenant = `
  INSERT INTO tenants (tenant_id, position, recorded_at, bytes) VALUES (?, 0, 0, 0)
  RETURNING tenant_no`;

const insertStream = `
  INSERT INTO streams (tenant_no, aggregate_type, aggregate_id) VALUES (?, ?, ?)
  RETURNING stream_no`;

const updateTenant =
  "UPDATE tenants SET position = ?, recorded_at = ?, bytes = bytes + ? WHERE tenant_no = ?";
