import type { UnreadableEvent } from "../event-store/event-stream.js";
import type { DomainEvent } from "../events/domain-event.js";
import type { DeadLetter } from "./projection-store.js";

const maxErrorLength = 2_000;

/** What is kept of an event that was given up on. */
export function toDeadLetter(event: DomainEvent, attempts: number, error: unknown): DeadLetter {
  const { tenantId, eventId, position } = event;
  return { tenantId, eventId, position, attempts, error: textOf(error) };
}

/** What is kept of an event that cannot be read. */
export function toUnreadableDeadLetter(error: UnreadableEvent): DeadLetter {
  const { tenantId, eventId, position } = error.details;
  return { tenantId, eventId, position, attempts: 1, error: textOf(error) };
}

function textOf(error: unknown): string {
  // PostgreSQL takes no NUL in text.
  return told(error).replaceAll("\0", "").slice(0, maxErrorLength).toWellFormed();
}

/** Anything may be thrown, also what cannot be told. */
function told(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "what was thrown has no text";
  }
}
