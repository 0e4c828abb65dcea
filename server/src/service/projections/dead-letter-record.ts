import { z } from "zod";
import type { DeadLetter, ProjectionOwner } from "../../domain/projection.js";
import type { RecordKey } from "../../store/record-store.js";

const schema = z.object({
  tenantId: z.string(),
  eventId: z.string(),
  position: z.string().transform((text) => BigInt(text)),
  attempts: z.number(),
  error: z.string(),
});

/** Names an event of a tenant. */
export type EventName = Pick<DeadLetter, "tenantId" | "eventId">;

/** The dead letters of a projection. */
export function deadLettersOf(projection: string): string {
  return `dead-letters/${projection}`;
}

/** Where a dead letter is kept. */
export function deadLetterKey(
  owner: ProjectionOwner,
  projection: string,
  { tenantId, eventId }: EventName,
): RecordKey {
  return { owner, collection: deadLettersOf(projection), name: `${tenantId}/${eventId}` };
}

/** A dead letter as a record's value: JSON, its position as decimal text. */
export function encodeDeadLetter({ position, ...deadLetter }: DeadLetter): Uint8Array {
  return Buffer.from(JSON.stringify({ ...deadLetter, position: String(position) }));
}

/** @throws Error when the value is no such record */
export function decodeDeadLetter(value: Uint8Array): DeadLetter {
  return schema.parse(JSON.parse(Buffer.from(value).toString()));
}
