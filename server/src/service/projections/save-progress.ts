import { AnnalsError } from "../../domain/error.js";
import { limits } from "../../domain/limits.js";
import type { DeadLetter } from "../../domain/projection.js";
import type { ReadOptions } from "../../store/store.js";
import type { ServiceContext } from "../context.js";
import { changeHeld, type Claim } from "./change-held.js";
import { deadLetterKey, deadLettersOf, encodeDeadLetter } from "./dead-letter-record.js";

/**
 * Keeps a place, and an event that was given up on: the event first, so that none is passed over and
 * lost.
 *
 * @throws AnnalsError revision_conflict; limit_exceeded for a dead letter too many
 */
export async function saveProgress(
  context: ServiceContext,
  claim: Claim,
  place: string,
  deadLetter: DeadLetter | undefined,
  options?: ReadOptions,
): Promise<void> {
  if (deadLetter) {
    await changeHeld(context, claim, (projection) => projection, options);
    await keepDeadLetter(context, claim, deadLetter, options);
  }
  await changeHeld(context, claim, (projection) => ({ ...projection, place }), options);
}

async function keepDeadLetter(
  { store, clock }: ServiceContext,
  { owner, name }: Claim,
  deadLetter: DeadLetter,
  options?: ReadOptions,
): Promise<void> {
  const key = deadLetterKey(owner, name, deadLetter);
  if (!(await store.records.get(key, options))) {
    const maximum = limits.deadLetters;
    const all = { owner, collection: deadLettersOf(name), after: "", maxRecords: maximum };
    const { length } = await store.records.list(all, options);
    if (length >= maximum) {
      const limit = { limit: "dead_letters", maximum, actual: length + 1, field: "dead_letter" };
      throw new AnnalsError({ reason: "limit_exceeded", ...limit });
    }
  }
  await store.records.put(key, encodeDeadLetter(deadLetter), undefined, clock());
}
