import { type MessageInitShape, create, toBinary } from "@bufbuild/protobuf";
import { AppendRequestSchema } from "@annals/proto/annals/v1/event_store";
import { AnnalsError } from "../connection/errors.js";
import type { NewEvent } from "../events/domain-event.js";

/** What a server takes in one message by default, less room for the envelope: 5 MiB - 64 bytes. */
const maxRequestBytes = 5_242_816;

/**
 * Refuses what the server would not take as a message: it would answer without particulars, and
 * end a call that carries the appends of others, too.
 *
 * @throws AnnalsError limit_exceeded before anything is sent
 */
export function assertFits(
  request: MessageInitShape<typeof AppendRequestSchema>,
  events: readonly NewEvent[],
): void {
  if (mostBytes(events) <= maxRequestBytes) return;
  const bytes = toBinary(AppendRequestSchema, create(AppendRequestSchema, request)).length;
  if (bytes <= maxRequestBytes) return;
  throw new AnnalsError("limit_exceeded", `an append of ${bytes} bytes is too large`, {
    limit: "message_bytes",
    maximum: BigInt(maxRequestBytes),
    actual: BigInt(bytes),
    field: "append",
  });
}

/** Room for what every event has, and every text: lengths and tags of fields, times. */
const roomPerEvent = 256;
const roomPerText = 16;

/** No append of these events takes more bytes: a UTF-16 unit is at most three bytes of UTF-8. */
export function mostBytes(events: readonly NewEvent[]): number {
  // The stream's names have at most 255 bytes each, or are refused.
  let bytes = 1_024;
  for (const event of events) {
    bytes += roomPerEvent + event.payload.length;
    for (const text of textsOf(event)) bytes += roomPerText + 3 * text.length;
  }
  return bytes;
}

function textsOf(event: NewEvent): string[] {
  const { eventId, eventType, contentType, correlationId = "", causationId = "" } = event;
  const metadata = Object.entries(event.metadata).flat();
  return [eventId, eventType, contentType, correlationId, causationId, ...metadata, ...event.tags];
}
