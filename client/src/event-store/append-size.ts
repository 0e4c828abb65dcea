import { type MessageInitShape, create, toBinary } from "@bufbuild/protobuf";
import { AppendRequestSchema } from "@annals/proto/annals/v1/event_store";
import { AnnalsError } from "../connection/errors.js";
import type { NewEvent } from "../events/domain-event.js";
import type { StreamId } from "./append.js";

/** What a server takes in one message by default, less room for the envelope: 5 MiB - 64 bytes. */
const maxRequestBytes = 5_242_816;

/**
 * Refuses what the server would not take as a message: it would answer without particulars, and
 * end a call that carries the appends of others, too.
 *
 * @param most what `mostBytes` says of it: only near the limit are the bytes themselves counted
 * @throws AnnalsError limit_exceeded before anything is sent
 */
export function assertFits(
  request: MessageInitShape<typeof AppendRequestSchema>,
  most: number,
): void {
  if (most <= maxRequestBytes) return;
  const bytes = toBinary(AppendRequestSchema, create(AppendRequestSchema, request)).length;
  if (bytes <= maxRequestBytes) return;
  throw new AnnalsError("limit_exceeded", `an append of ${bytes} bytes is too large`, {
    limit: "message_bytes",
    maximum: BigInt(maxRequestBytes),
    actual: BigInt(bytes),
    field: "append",
  });
}

/** Room for what every request has, every event and every text: lengths and tags of fields, times. */
const roomPerRequest = 64;
const roomPerEvent = 256;
const roomPerText = 16;

/** No append of these events takes more bytes: a UTF-16 unit is at most three bytes of UTF-8. */
export function mostBytes(
  { aggregateType, aggregateId }: StreamId,
  events: readonly NewEvent[],
): number {
  let bytes = roomPerRequest + 3 * (aggregateType.length + aggregateId.length);
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
