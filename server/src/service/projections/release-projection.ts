import { AnnalsError } from "../../domain/error.js";
import type { ReadOptions } from "../../store/store.js";
import type { ServiceContext } from "../context.js";
import { changeHeld, type Claim } from "./change-held.js";

/** Ends a claim's lease; one that another has taken since is left alone. */
export async function releaseProjection(
  context: ServiceContext,
  claim: Claim,
  options?: ReadOptions,
): Promise<void> {
  try {
    const release = { leasedUntil: undefined };
    await changeHeld(context, claim, (projection) => ({ ...projection, ...release }), options);
  } catch (error) {
    if (error instanceof AnnalsError && error.failure.reason === "revision_conflict") return;
    throw error;
  }
}
