import type { Instant } from "../../domain/instant.js";
import { viewFrame } from "../../domain/event-frame.js";
import type { KnownHeads } from "./known-heads.js";
import type { BoundStatement } from "./bound-statement.js";
import type { BatchPlan, PlannedEvent } from "./plan-batch.js";
import { tagsColumn } from "./row.js";
import type { WriterSession } from "./writer-connection.js";

/** What a plan is written as. */
export interface Writing {
  /** What it was planned on. */
  readonly after: Pick<KnownHeads, "batch" | "globalPosition">;
  /** Its own number. */
  readonly batch: bigint;
  readonly recordedAt: Instant;
}

/**
 * Writes a plan in one statement, if the last batch still is the one that the plan was made on. The update
 * of the log's head comes first, for the rest draws from it: it takes the lock, and after a wait
 * for it PostgreSQL compares the batch again as it then stands. The arrays are unnested side by side, in
 * step, where they are selected: behind FROM, PostgreSQL would first put each by itself into a table. Other
 * servers are notified by the commit; none of them hears of a batch before it can be read.
 *
 * @returns whether it was written; false: the log has moved on, nothing was written
 */
export async function writePlan(
  session: WriterSession,
  plan: BatchPlan,
  writing: Writing,
): Promise<boolean> {
  let bytes = 0;
  for (const tenant of plan.tenants.values()) bytes += tenant.bytes;
  const parameters = { count: 17, bytes: 2 * bytes + 128 * plan.events.length };
  const rows = await session.execute(write, parameters, (statement) => {
    bindPlan(statement, plan, writing);
  });
  return rows.length > 0;
}

function bindPlan(statement: BoundStatement, plan: BatchPlan, writing: Writing): void {
  const { after, batch, recordedAt } = writing;
  const { events } = plan;
  const tenants = [...plan.tenants];
  statement.int8(after.globalPosition);
  statement.int8(after.globalPosition + BigInt(events.length));
  statement.timestamptz(recordedAt);
  statement.uuidArray(events.map((e) => e.tenantId));
  statement.int8Array(events.map((e) => e.position));
  statement.uuidArray(events.map((e) => e.event.eventId));
  statement.textArray(events.map((e) => e.stream.aggregateType));
  statement.textArray(events.map((e) => e.stream.aggregateId));
  statement.int8Array(events.map((e) => e.version));
  statement.textArray(events.map((e) => e.event.eventType));
  statement.textArray(events.map((e) => tagsColumn(e.event)));
  statement.byteaArray(framesOf(events, recordedAt), events.length);
  statement.uuidArray(tenants.map(([tenantId]) => tenantId));
  statement.int8Array(tenants.map(([, { position }]) => position));
  statement.int8Array(tenants.map(([, { bytes }]) => BigInt(bytes)));
  statement.int8(after.batch);
  statement.int8(batch);
}

/** Their frames, each to be taken before the next. */
function* framesOf(events: readonly PlannedEvent[], recordedAt: Instant): Iterable<Uint8Array> {
  for (const { tenantId, stream, version, position, event } of events) {
    yield viewFrame({
      tenantId,
      eventId: event.eventId,
      aggregateType: stream.aggregateType,
      aggregateId: stream.aggregateId,
      eventType: event.eventType,
      aggregateVersion: version,
      position,
      occurredAt: event.occurredAt ?? recordedAt,
      recordedAt,
      data: event.data,
      contentType: event.contentType,
      metadata: event.metadata,
      correlationId: event.correlationId,
      causationId: event.causationId,
      tags: event.tags,
    });
  }
}

const write = `
  WITH head AS (
    UPDATE annals.log_head
    SET global_position = $2::bigint, recorded_at = $3::timestamptz, batch = $17::bigint
    WHERE id = 1 AND global_position = $1::bigint AND batch = $16::bigint
    RETURNING recorded_at
  ), new_events AS (
    INSERT INTO annals.events (
      global_position, tenant_id, position, event_id, aggregate_type, aggregate_id,
      aggregate_version, event_type, recorded_at, tags, frame)
    SELECT $1::bigint + generate_series(1, cardinality($5::bigint[])), unnest($4::uuid[]),
      unnest($5::bigint[]), unnest($6::uuid[]), unnest($7::text[]), unnest($8::text[]),
      unnest($9::bigint[]), unnest($10::text[]), head.recorded_at, unnest($11::text[])::text[],
      unnest($12::bytea[])
    FROM head
  ), new_tenants AS (
    INSERT INTO annals.tenants AS tenants (tenant_id, position, recorded_at, bytes)
    SELECT t.tenant_id, t.position, head.recorded_at, t.bytes
    FROM head, unnest($13::uuid[], $14::bigint[], $15::bigint[]) AS t (tenant_id, position, bytes)
    ON CONFLICT (tenant_id) DO UPDATE
      SET position = excluded.position, recorded_at = excluded.recorded_at,
        bytes = tenants.bytes + excluded.bytes
  )
  SELECT recorded_at, pg_notify('annals_events', '') FROM head`;
