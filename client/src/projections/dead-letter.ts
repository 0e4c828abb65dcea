import type { DomainEvent } from "../events/domain-event.js";
import type { DeadLetter } from "./projection-store.js";

const maxErrorLength = 2_000;

/** What is kept of an event that was given up on. */
export function toDeadLetter(event: DomainEvent, attempts: number, error: unknown): DeadLetter {
  const { tenantId, eventId, position } = event;
  const text = (error instanceof Error ? error.message : String(error)).slice(0, maxErrorLength);
  // PostgreSQL takes no NUL in text.
  return { tenantId, eventId, position, attempts, error: text.replaceAll("\0", "").toWellFormed() };
}
