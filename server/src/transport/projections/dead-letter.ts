import type { DeadLetter as ProtoDeadLetter } from "@annals/proto/annals/v1/projections";
import { invalidArgument } from "../../domain/error.js";
import { limits } from "../../domain/limits.js";
import type { DeadLetter, ProjectionOwner } from "../../domain/projection.js";
import { parseBoundedText } from "./bounded-text.js";
import { parseEventName } from "./event-name.js";

/** @throws AnnalsError invalid_argument, limit_exceeded */
export function parseDeadLetter(owner: ProjectionOwner, deadLetter: ProtoDeadLetter): DeadLetter {
  const { position, attempts, error } = deadLetter;
  if (position === 0n) throw invalidArgument("dead_letter.position", "must be at least 1");
  return {
    ...parseEventName(owner, deadLetter, "dead_letter."),
    position,
    attempts,
    error: parseBoundedText(error, "dead_letter.error", {
      name: "dead_letter_error_bytes",
      maxBytes: limits.deadLetterErrorBytes,
    }),
  };
}
