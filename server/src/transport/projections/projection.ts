import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ProjectionSchema } from "@annals/proto/annals/v1/projections";
import type { KeptProjection, Projection } from "../../domain/projection.js";
import { toTimestamp } from "../codec/timestamp.js";

type ProtoProjection = MessageInitShape<typeof ProjectionSchema>;

/** A projection for the wire, as it is kept. */
export function toProjection(projection: KeptProjection): ProtoProjection {
  const { name, updatedAt } = projection;
  return { ...toClaimed(name, projection), updatedAt: toTimestamp(updatedAt) };
}

/** A projection for the wire, as a claim found or left it. */
export function toClaimed(
  name: string,
  { fence, place, leasedUntil }: Projection,
): ProtoProjection {
  return {
    name,
    fence,
    ...(place !== undefined && { place }),
    ...(leasedUntil !== undefined && { leasedUntil: toTimestamp(leasedUntil) }),
  };
}
