import type pg from "pg";
import type { NewEvent, RecordedEvent } from "../../domain/event.js";
import type { Instant } from "../../domain/instant.js";
import type { TenantId } from "../../domain/tenant.js";

/** The columns of an event, in the order of EventRow. */
export const eventColumns: string =
  "global_position, tenant_id, position, event_id, aggregate_type, aggregate_id, aggregate_version, " +
  "event_type, occurred_at, recorded_at, content_type, metadata, correlation_id, causation_id, tags, data";

/** An event as a row, each column as text, as PostgreSQL sends it. */
export type EventRow = readonly [
  globalPosition: string,
  tenantId: string,
  position: string,
  eventId: string,
  aggregateType: string,
  aggregateId: string,
  aggregateVersion: string,
  eventType: string,
  occurredAt: string,
  recordedAt: string,
  contentType: string,
  metadata: string,
  correlationId: string,
  causationId: string,
  tags: string,
  data: string,
];

/** Leaves every column as text: who reads a row knows what it holds. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: () => asIs,
};

/** A row as an event. The row is the store's own, so its tenant is a tenant. */
export function toRecordedEvent(row: EventRow): RecordedEvent {
  const recordedAt = toInstant(row[9]);
  return {
    globalPosition: BigInt(row[0]),
    tenantId: row[1] as TenantId,
    position: BigInt(row[2]),
    eventId: row[3],
    aggregateType: row[4],
    aggregateId: row[5],
    aggregateVersion: BigInt(row[6]),
    eventType: row[7],
    occurredAt: row[8] === row[9] ? recordedAt : toInstant(row[8]),
    recordedAt,
    contentType: row[10],
    metadata: row[11] === "{}" ? {} : (JSON.parse(row[11]) as Record<string, string>),
    correlationId: row[12],
    causationId: row[13],
    tags: row[14] === "{}" ? [] : parseTags(row[14]),
    data: toBytes(row[15]),
  };
}

/** A timestamptz of a session in UTC, "2026-01-31 12:00:00.123456+00", years 1 to 9999. */
export function toInstant(text: string): Instant {
  const millis = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`);
  const micros = text.charCodeAt(19) === 46 ? Number(text.slice(20, -3).padEnd(6, "0")) : 0;
  const all = millis * 1000 + micros;
  return Number.isSafeInteger(all) ? BigInt(all) : BigInt(millis) * 1000n + BigInt(micros);
}

/** A timestamp as PostgreSQL reads it, for years 1 to 9999. */
export function toTimestamp(instant: Instant): string {
  const micros = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((instant - micros) / 1000n));
  return `${date.toISOString().slice(0, 19)}.${String(micros).padStart(6, "0")}Z`;
}

/** Metadata as a column. */
export function metadataColumn({ metadata }: NewEvent): string {
  for (const _ in metadata) return JSON.stringify(metadata);
  return "{}";
}

/** Tags as a column: an array literal. */
export function tagsColumn({ tags }: NewEvent): string {
  if (tags.length === 0) return "{}";
  return `{${tags.map((tag) => `"${tag.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

/** An array literal: elements with anything special in them are quoted, with backslashes. */
function parseTags(literal: string): string[] {
  const tags: string[] = [];
  for (const [plain, quoted] of literal.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|[^,]+/gs)) {
    tags.push(quoted === undefined ? plain : quoted.replace(/\\(.)/gs, "$1"));
  }
  return tags;
}

/** A bytea, "\\x0a0b". */
export function toBytes(hex: string): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.from(hex.slice(2), "hex");
  return new Uint8Array(buffer, byteOffset, length);
}

function asIs(text: string): string {
  return text;
}
