import { AnnalsError } from "../../domain/error.js";
import type { Projection, ProjectionOwner } from "../../domain/projection.js";
import type { ReadOptions } from "../../store/store.js";
import { changeRecord } from "../change-record.js";
import type { ServiceContext } from "../context.js";
import { decodeProjection, encodeProjection, projectionKey } from "./projection-record.js";

/** Who claimed which projection. */
export interface Claim {
  readonly owner: ProjectionOwner;
  readonly name: string;
  readonly fence: bigint;
}

/**
 * Changes a projection that is still the caller's.
 *
 * @throws AnnalsError revision_conflict when another has claimed it since, or it was deleted
 */
export async function changeHeld(
  context: ServiceContext,
  { owner, name, fence }: Claim,
  change: (projection: Projection) => Projection,
  options?: ReadOptions,
): Promise<void> {
  await changeRecord(
    context,
    projectionKey(owner, name),
    (record) => {
      const kept = record && decodeProjection(record.value);
      if (kept?.fence !== fence) {
        const actual = kept?.fence ?? 0n;
        throw new AnnalsError({ reason: "revision_conflict", expected: fence, actual });
      }
      return { value: encodeProjection(change(kept)), result: undefined };
    },
    options,
  );
}
