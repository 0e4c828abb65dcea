import { AnnalsError } from "../../domain/error.js";
import type { Instant } from "../../domain/instant.js";
import { limits } from "../../domain/limits.js";
import { maxLeaseMs, type Projection, type ProjectionOwner } from "../../domain/projection.js";
import type { ReadOptions } from "../../store/store.js";
import { changeRecord } from "../change-record.js";
import type { ServiceContext } from "../context.js";
import {
  decodeProjection,
  encodeProjection,
  projectionKey,
  projectionsCollection,
} from "./projection-record.js";

/** How a claim went, and how the projection stands. */
export interface Acquisition {
  readonly acquired: boolean;
  readonly projection: Projection;
}

/**
 * Claims a projection, which need not exist.
 *
 * @param leaseMs 0: from whoever holds it, without a lease
 * @throws AnnalsError limit_exceeded for a new name too many
 */
export async function acquireProjection(
  context: ServiceContext,
  owner: ProjectionOwner,
  name: string,
  leaseMs: number,
  options?: ReadOptions,
): Promise<Acquisition> {
  return changeRecord<Acquisition>(
    context,
    projectionKey(owner, name),
    async (record) => {
      const now = context.clock();
      const kept = record && decodeProjection(record.value);
      if (!kept) await assertRoomFor(context, owner, options);
      if (kept && leaseMs > 0 && isLeased(kept, now)) {
        return { value: undefined, result: { acquired: false, projection: kept } };
      }
      const projection: Projection = {
        fence: nextFence(kept, now),
        place: kept?.place,
        leasedUntil: leaseMs > 0 ? now + BigInt(leaseMs) * 1_000n : undefined,
      };
      return { value: encodeProjection(projection), result: { acquired: true, projection } };
    },
    options,
  );
}

/** A lease that ends later than any that could be given now was given by a clock that was ahead. */
function isLeased({ leasedUntil }: Projection, now: Instant): boolean {
  if (leasedUntil === undefined) return false;
  return leasedUntil > now && leasedUntil <= now + BigInt(maxLeaseMs) * 1_000n;
}

/** Grows even over a projection that was deleted and claimed anew. */
function nextFence(kept: Projection | undefined, now: Instant): bigint {
  const next = (kept?.fence ?? 0n) + 1n;
  return next > now ? next : now;
}

async function assertRoomFor(
  { store }: ServiceContext,
  owner: ProjectionOwner,
  options?: ReadOptions,
): Promise<void> {
  const maximum = limits.projections;
  const all = { owner, collection: projectionsCollection, after: "", maxRecords: maximum };
  const { length } = await store.records.list(all, options);
  if (length < maximum) return;
  throw new AnnalsError({
    reason: "limit_exceeded",
    limit: "projections",
    maximum,
    actual: length + 1,
    field: "name",
  });
}
