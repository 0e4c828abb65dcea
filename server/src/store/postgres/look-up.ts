import type { AppendIntent } from "../store.js";
import { textArray, uuidArray } from "./encode-array.js";
import { KnownHeads, streamKey } from "./known-heads.js";
import { eventKey, type PlacedEvent } from "./plan-batch.js";
import { toInstant } from "./row.js";
import type { Query, WriterConnection } from "./writer-connection.js";

/** What a batch needs to know, read under the lock of the log's head. */
export interface Findings {
  readonly heads: KnownHeads;
  /** The batch's event ids that are in the log already, by eventKey. */
  readonly events: ReadonlyMap<string, PlacedEvent>;
}

/**
 * Takes the lock of the log's head, which keeps every other writer out until the transaction ends,
 * then reads what the batch depends on: one round trip, but statements of their own, for each sees
 * only what was committed when it began.
 */
export async function lockAndLookUp(
  query: Query,
  batch: readonly AppendIntent[],
): Promise<Findings> {
  const [, [head], tenants, streams, events] = await Promise.all([
    query("BEGIN"),
    query<[string, string, string | null]>(lockHead),
    query<[string, string]>(selectTenants, tenantValues(batch)),
    query<[string, string, string, string]>(selectStreams, streamValues(batch)),
    query<EventAnswer>(selectEvents, eventValues(batch)),
  ]);
  if (!head) throw new Error("annals.log_head is empty");
  const recordedAt = head[2] === null ? undefined : toInstant(head[2]);
  const heads = new KnownHeads(BigInt(head[0]), BigInt(head[1]), recordedAt);
  for (const { tenantId, stream } of batch) {
    heads.setTenant(tenantId, 0n);
    heads.setStream(streamKey(tenantId, stream), 0n);
  }
  takeIn(heads, tenants, streams);
  const placed = events.map((row) => [eventKey(row[0], row[1]), toPlacedEvent(row)] as const);
  return { heads, events: new Map(placed) };
}

/**
 * Reads where tenants and streams end of which nothing is known, without a lock: what is found is good
 * only while the last batch is the one that `heads` names, which may still be on its way: what it writes is
 * known. A stream that its appends take to be absent is not looked for.
 */
export async function lookUpUnknown(
  connection: WriterConnection,
  batch: readonly AppendIntent[],
  heads: KnownHeads,
): Promise<void> {
  const ofTenants = batch.filter(({ tenantId }) => heads.tenant(tenantId) === undefined);
  const ofStreams = batch.filter(
    (intent) =>
      !saysAbsent(intent) && heads.stream(streamKey(intent.tenantId, intent.stream)) === undefined,
  );
  if (ofTenants.length === 0 && ofStreams.length === 0) return;
  const { query } = await connection.connect();
  const [tenants, streams] = await Promise.all([
    ofTenants.length === 0 ? [] : query<[string, string]>(selectTenants, tenantValues(ofTenants)),
    ofStreams.length === 0
      ? []
      : query<[string, string, string, string]>(selectStreams, streamValues(ofStreams)),
  ]);
  for (const { tenantId } of ofTenants) heads.setTenant(tenantId, 0n);
  for (const { tenantId, stream } of ofStreams) heads.setStream(streamKey(tenantId, stream), 0n);
  takeIn(heads, tenants, streams);
}

/** Whether an append is good only if its stream has no events. The unique index of versions has the last word. */
function saysAbsent({ expected }: AppendIntent): boolean {
  return expected.kind === "no_stream" || (expected.kind === "exactly" && expected.version === 0n);
}

function takeIn(
  heads: KnownHeads,
  tenants: readonly [string, string][],
  streams: readonly [string, string, string, string][],
): void {
  for (const [tenantId, position] of tenants) heads.setTenant(tenantId, BigInt(position));
  for (const [tenantId, aggregateType, aggregateId, version] of streams) {
    heads.setStream(streamKey(tenantId, { aggregateType, aggregateId }), BigInt(version));
  }
}

type EventAnswer = [
  tenantId: string,
  eventId: string,
  aggregateType: string,
  aggregateId: string,
  version: string,
  position: string,
  recordedAt: string,
];

function toPlacedEvent(row: EventAnswer): PlacedEvent {
  return {
    stream: { aggregateType: row[2], aggregateId: row[3] },
    version: BigInt(row[4]),
    position: BigInt(row[5]),
    recordedAt: toInstant(row[6]),
  };
}

function tenantValues(batch: readonly AppendIntent[]): Buffer[] {
  return [uuidArray([...new Set(batch.map(({ tenantId }) => tenantId))])];
}

function streamValues(batch: readonly AppendIntent[]): Buffer[] {
  const streams = new Map(
    batch.map((intent) => [streamKey(intent.tenantId, intent.stream), intent]),
  );
  const wanted = [...streams.values()];
  return [
    uuidArray(wanted.map(({ tenantId }) => tenantId)),
    textArray(wanted.map(({ stream }) => stream.aggregateType)),
    textArray(wanted.map(({ stream }) => stream.aggregateId)),
  ];
}

function eventValues(batch: readonly AppendIntent[]): Buffer[] {
  return [
    uuidArray(batch.flatMap(({ tenantId, events }) => events.map(() => tenantId))),
    uuidArray(batch.flatMap(({ events }) => events.map(({ eventId }) => eventId))),
  ];
}

const lockHead =
  "SELECT batch, global_position, recorded_at FROM annals.log_head WHERE id = 1 FOR UPDATE";

const selectTenants = `
  SELECT tenant_id, position FROM annals.tenants WHERE tenant_id = ANY ($1::uuid[])`;

const selectStreams = `
  SELECT tenant_id, aggregate_type, aggregate_id, aggregate_version
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS wanted (tenant_id, aggregate_type, aggregate_id),
    LATERAL (
      SELECT aggregate_version FROM annals.events
      WHERE tenant_id = wanted.tenant_id AND aggregate_type = wanted.aggregate_type
        AND aggregate_id = wanted.aggregate_id
      ORDER BY aggregate_version DESC LIMIT 1
    ) AS latest`;

const selectEvents = `
  SELECT found.*
  FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, event_id),
    LATERAL (
      SELECT tenant_id, event_id, aggregate_type, aggregate_id, aggregate_version, position, recorded_at
      FROM annals.events
      WHERE tenant_id = wanted.tenant_id AND event_id BETWEEN wanted.event_id AND wanted.event_id
      ORDER BY event_id LIMIT 1
    ) AS found`;
