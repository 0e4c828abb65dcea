import { AnnalsError } from "../connection/errors.js";
import type { DomainEvent } from "../events/domain-event.js";

/** How far a projection came in its log. */
export interface Place {
  /** The last event that is done: its position, or its global position in the whole log. */
  readonly through: bigint;
  /** The whole log: where to read on. It may stand before `through`, in the middle of a page. */
  readonly cursor: string;
  /** The read model is to be emptied before anything is handled. */
  readonly toEmpty?: true;
}

/** Before the first event. */
export const beginning: Place = { through: 0n, cursor: "" };

/** Before the first event, where a rebuild has begun. */
export const rebuildBegun: Place = { ...beginning, toEmpty: true };

const rebuildBegunText = "empty";

/** The number that orders events in the log that is read. */
export function orderOf(event: Pick<DomainEvent, "position" | "globalPosition">): bigint {
  return event.globalPosition ?? event.position;
}

/** A place as stores keep it. */
export function formatPlace({ through, cursor, toEmpty }: Place): string {
  return toEmpty ? rebuildBegunText : `${through}/${cursor}`;
}

/** @throws AnnalsError invalid_options for text that is not a place */
export function parsePlace(text: string): Place {
  if (text === rebuildBegunText) return rebuildBegun;
  const [, through, cursor] = /^(\d{1,20})\/(.*)$/s.exec(text) ?? [];
  if (through === undefined || cursor === undefined) {
    throw new AnnalsError("invalid_options", "the stored place is not one of this package", {});
  }
  return { through: BigInt(through), cursor };
}
