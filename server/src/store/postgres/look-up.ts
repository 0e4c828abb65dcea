import type { AppendIntent } from "../store.js";
import { KnownHeads, streamKey } from "./known-heads.js";
import { eventKey, type PlacedEvent } from "./plan-batch.js";
import { toInstant } from "./row.js";
import type { WriterConnection, WriterSession } from "./writer-connection.js";

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
  session: WriterSession,
  batch: readonly AppendIntent[],
): Promise<Findings> {
  const locked = Promise.all([
    session.query("BEGIN"),
    session.query<[string, string, string | null]>(lockHead),
  ]);
  const found = Promise.all([
    tenantsOf(session, batch),
    streamsOf(session, batch),
    eventsOf(session, batch),
  ]);
  found.catch(() => undefined); // where the lock fails, so do these: that it did is what says why
  const [, [head]] = await locked;
  const [tenants, streams, events] = await found;
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
  const session = await connection.connect();
  const [tenants, streams] = await Promise.all([
    ofTenants.length === 0 ? [] : tenantsOf(session, ofTenants),
    ofStreams.length === 0 ? [] : streamsOf(session, ofStreams),
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
  tenants: readonly TenantAnswer[],
  streams: readonly StreamAnswer[],
): void {
  for (const [tenantId, position] of tenants) heads.setTenant(tenantId, BigInt(position));
  for (const [tenantId, aggregateType, aggregateId, version] of streams) {
    heads.setStream(streamKey(tenantId, { aggregateType, aggregateId }), BigInt(version));
  }
}

type TenantAnswer = [tenantId: string, position: string];

type StreamAnswer = [tenantId: string, aggregateType: string, aggregateId: string, version: string];

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

/** Bytes of a stream's name in about all cases. */
const nameBytes = 128;

function tenantsOf(
  session: WriterSession,
  batch: readonly AppendIntent[],
): Promise<readonly TenantAnswer[]> {
  const ids = [...new Set(batch.map(({ tenantId }) => tenantId))];
  return session.execute(selectTenants, { count: 1, bytes: 20 * ids.length }, (statement) => {
    statement.uuidArray(ids);
  });
}

function streamsOf(
  session: WriterSession,
  batch: readonly AppendIntent[],
): Promise<readonly StreamAnswer[]> {
  const streams = new Map(
    batch.map((intent) => [streamKey(intent.tenantId, intent.stream), intent]),
  );
  const wanted = [...streams.values()];
  const bytes = (20 + nameBytes) * wanted.length;
  return session.execute(selectStreams, { count: 3, bytes }, (statement) => {
    statement.uuidArray(wanted.map(({ tenantId }) => tenantId));
    statement.textArray(wanted.map(({ stream }) => stream.aggregateType));
    statement.textArray(wanted.map(({ stream }) => stream.aggregateId));
  });
}

function eventsOf(
  session: WriterSession,
  batch: readonly AppendIntent[],
): Promise<readonly EventAnswer[]> {
  const tenants = batch.flatMap(({ tenantId, events }) => events.map(() => tenantId));
  const ids = batch.flatMap(({ events }) => events.map(({ eventId }) => eventId));
  return session.execute(selectEvents, { count: 2, bytes: 40 * ids.length }, (statement) => {
    statement.uuidArray(tenants);
    statement.uuidArray(ids);
  });
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
