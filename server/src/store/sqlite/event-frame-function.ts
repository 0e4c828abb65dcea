import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import { encodeFrame } from "../../domain/event-frame.js";
import type { TenantId } from "../../domain/tenant.js";

/** Gives a connection the SQL function event_frame: the frame of an event, out of what it is made of. */
export function addEventFrame(database: DatabaseSyncInstance): void {
  database.function("event_frame", { useBigIntArguments: true, varargs: true }, eventFrame);
}

function eventFrame(
  tenantId: string,
  eventId: string,
  aggregateType: string,
  aggregateId: string,
  eventType: string,
  aggregateVersion: bigint,
  position: bigint,
  occurredAt: bigint,
  recordedAt: bigint,
  data: Uint8Array,
  contentType: string,
  metadata: string | null,
  correlationId: string,
  causationId: string,
  tags: string | null,
): Uint8Array {
  return encodeFrame({
    tenantId: tenantId as TenantId,
    ...{ eventId, aggregateType, aggregateId, eventType, aggregateVersion, position },
    ...{ occurredAt, recordedAt, data, contentType, correlationId, causationId },
    metadata: metadata === null ? {} : (JSON.parse(metadata) as Record<string, string>),
    tags: tags === null ? [] : (JSON.parse(tags) as string[]),
  });
}
