import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import { viewFrame } from "../../domain/event-frame.js";
import { isExpected } from "../../domain/expected-version.js";
import type { Instant } from "../../domain/instant.js";
import type { Appended, AppendOutcome } from "../store.js";
import { inTransaction } from "./in-transaction.js";
import { LogHeads, type TenantHead } from "./log-heads.js";
import type { UnpackedIntent } from "./packed-batch.js";
import type { Statements } from "./statements.js";

/** Writes batches. There is one in a process, and the file lock keeps other processes off. */
export class Appender {
  readonly #heads: LogHeads;
  #lastCommitMs = 0;

  constructor(
    private readonly database: DatabaseSyncInstance,
    private readonly statements: Statements,
  ) {
    this.#heads = new LogHeads(statements);
  }

  /** How long the last commit took, in milliseconds. */
  get lastCommitMs(): number {
    return this.#lastCommitMs;
  }

  /** Writes a batch in one transaction. If it throws anything but a CommitError, nothing was written. */
  append(batch: readonly UnpackedIntent[], now: Instant): AppendOutcome[] {
    try {
      return inTransaction(
        this.database,
        () => {
          const recordedAt = this.#heads.recordedAt(now);
          const outcomes = batch.map((intent) => this.#appendOne(intent, recordedAt));
          this.#heads.save(recordedAt);
          return outcomes;
        },
        (ms) => (this.#lastCommitMs = ms),
      );
    } catch (error) {
      this.#heads.forget();
      throw error;
    }
  }

  #appendOne(intent: UnpackedIntent, recordedAt: Instant): AppendOutcome {
    const { tenantId, stream, expected, bytes, events } = intent;
    const tenant = this.#heads.tenant(tenantId);
    for (const { eventId } of events) {
      if (!this.#find(tenant, eventId)) continue;
      return (
        this.#repetitionOf(tenant, intent) ?? {
          ok: false,
          failure: { reason: "duplicate_event_id", eventId },
        }
      );
    }
    const head = this.#heads.stream(tenant, stream);
    const actual = head.version;
    if (!isExpected(expected, actual)) {
      return { ok: false, failure: { reason: "version_conflict", expected, actual } };
    }

    const { aggregateType, aggregateId } = stream;
    const [tenantNo, streamNo] = this.#heads.numbers(tenantId, tenant, stream, head);
    const firstPosition = tenant.position + 1n;
    const insert = this.statements.prepare(insertEvent);
    let position = firstPosition;
    let globalPosition = this.#heads.globalPosition() + 1n;
    let version = actual;
    for (const event of events) {
      const { eventId, eventType, tags } = event;
      version++;
      const frame = viewFrame({
        tenantId,
        eventId,
        aggregateType,
        aggregateId,
        eventType,
        aggregateVersion: version,
        position,
        occurredAt: event.occurredAt ?? recordedAt,
        recordedAt,
        data: event.data,
        contentType: event.contentType,
        metadata: event.metadata === null ? noTexts : (JSON.parse(event.metadata) as Texts),
        correlationId: event.correlationId,
        causationId: event.causationId,
        tags: tags === null ? noTags : (JSON.parse(tags) as string[]),
      });
      insert.run(
        globalPosition,
        tenantNo,
        position,
        streamNo,
        version,
        eventId,
        aggregateType,
        aggregateId,
        eventType,
        recordedAt,
        tags,
        frame,
      );
      globalPosition++;
      position++;
    }
    this.#heads.advance(tenant, head, BigInt(events.length), bytes, recordedAt);
    return {
      ok: true,
      version,
      firstPosition,
      lastPosition: position - 1n,
      recordedAt,
      deduplicated: false,
    };
  }

  #find({ no }: TenantHead, eventId: string): FoundRow | undefined {
    if (no === undefined) return undefined;
    return this.statements.prepare(findEvent).get(no, eventId) as FoundRow | undefined;
  }

  /** The first result of this very append, if it was written before. */
  #repetitionOf(tenant: TenantHead, { stream, events }: UnpackedIntent): Appended | undefined {
    const found: FoundRow[] = [];
    for (const { eventId } of events) {
      const row = this.#find(tenant, eventId);
      if (row?.[0] !== stream.aggregateType || row[1] !== stream.aggregateId) return undefined;
      const before = found.at(-1);
      if (before && row[2] !== before[2] + 1n) return undefined;
      found.push(row);
    }
    const [first, last] = [found[0], found.at(-1)];
    if (!first || !last) return undefined;
    return {
      ok: true,
      version: last[2],
      firstPosition: first[3],
      lastPosition: last[3],
      recordedAt: last[4],
      deduplicated: true,
    };
  }
}

type Texts = Readonly<Record<string, string>>;
const noTexts: Texts = {};
const noTags: readonly string[] = [];

type FoundRow = [
  aggregateType: string,
  aggregateId: string,
  version: bigint,
  position: bigint,
  recordedAt: bigint,
];

const findEvent = `
  SELECT aggregate_type, aggregate_id, aggregate_version, position, recorded_at
  FROM events WHERE tenant_no = ? AND event_id = ?`;

const insertEvent = `
  INSERT INTO events (
    global_position, tenant_no, position, stream_no, aggregate_version, event_id,
    aggregate_type, aggregate_id, event_type, recorded_at, tags, frame
  ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
