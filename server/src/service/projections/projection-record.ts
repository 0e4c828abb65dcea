import { z } from "zod";
import type { KeptProjection, Projection, ProjectionOwner } from "../../domain/projection.js";
import type { RecordKey, StoredRecord } from "../../store/record-store.js";

export const projectionsCollection = "projections";

const integer = z.string().transform((text) => BigInt(text));
const schema = z.object({
  fence: integer,
  place: z.string().optional(),
  leasedUntil: integer.optional(),
});

/** Where a projection's progress is kept. */
export function projectionKey(owner: ProjectionOwner, name: string): RecordKey {
  return { owner, collection: projectionsCollection, name };
}

/** A projection as a record's value: JSON, 64 bit integers as decimal text. */
export function encodeProjection({ fence, place, leasedUntil }: Projection): Uint8Array {
  const until = leasedUntil === undefined ? undefined : String(leasedUntil);
  return Buffer.from(JSON.stringify({ fence: String(fence), place, leasedUntil: until }));
}

/** @throws Error when the value is no such record */
export function decodeProjection(value: Uint8Array): Projection {
  const { place, leasedUntil, fence } = schema.parse(JSON.parse(Buffer.from(value).toString()));
  return { fence, place, leasedUntil };
}

/** @throws Error when the record is no such one */
export function toKeptProjection({ name, value, updatedAt }: StoredRecord): KeptProjection {
  return { name, updatedAt, ...decodeProjection(value) };
}
