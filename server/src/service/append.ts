import { AnnalsError, invalidArgument } from "../domain/error.js";
import { type NewEvent, sizeOfEvent } from "../domain/event.js";
import type { ExpectedVersion } from "../domain/expected-version.js";
import { limits } from "../domain/limits.js";
import type { StreamId } from "../domain/stream.js";
import type { TenantId } from "../domain/tenant.js";
import type { AppendOutcome } from "../store/store.js";
import type { AppendOptions } from "../writer/writer.js";
import type { ServiceContext } from "./context.js";

/** A successful append: where its events are. */
export type Appended = Extract<AppendOutcome, { ok: true }>;

/** An append as its caller means it. */
export interface AppendCommand {
  readonly stream: StreamId;
  readonly expected: ExpectedVersion;
  readonly events: readonly NewEvent[];
}

/**
 * Writes events to one of the tenant's streams: all or none, on disk before the answer.
 *
 * @returns what the writer answers: a conflict is a value
 * @throws AnnalsError invalid_argument or limit_exceeded when the append as a whole breaks a rule,
 *   or the tenant has reached a limit; nothing was written
 */
export function append(
  { writer, quota }: ServiceContext,
  tenantId: TenantId,
  command: AppendCommand,
  options?: AppendOptions,
): Promise<AppendOutcome> {
  const events = command.events.length;
  assertCount(events);
  const bytes = assertSizes(command.events);
  assertNoRepeatedId(command.events);
  const firstId = command.events[0]?.eventId ?? "";
  return quota.admit(tenantId, firstId, { events, bytes }, () =>
    writer.append({ tenantId, ...command }, options),
  );
}

function assertCount(count: number): void {
  if (count === 0) throw invalidArgument("events", "must not be empty");
  if (count > limits.appendEvents) {
    throw exceeded("append_events", limits.appendEvents, count, "events");
  }
}

/** @returns bytes of all of them */
function assertSizes(events: readonly NewEvent[]): number {
  let total = 0;
  events.forEach((event, i) => {
    const bytes = sizeOfEvent(event);
    if (bytes > limits.eventBytes) {
      throw exceeded("event_bytes", limits.eventBytes, bytes, `events[${i}]`);
    }
    total += bytes;
  });
  if (total > limits.appendBytes)
    throw exceeded("append_bytes", limits.appendBytes, total, "events");
  return total;
}

function assertNoRepeatedId(events: readonly NewEvent[]): void {
  if (events.length === 1) return;
  const seen = new Set<string>();
  events.forEach(({ eventId }, i) => {
    if (seen.has(eventId)) {
      throw invalidArgument(`events[${i}].event_id`, "stands in this request already");
    }
    seen.add(eventId);
  });
}

function exceeded(limit: string, maximum: number, actual: number, field: string): AnnalsError {
  return new AnnalsError({ reason: "limit_exceeded", limit, maximum, actual, field });
}
