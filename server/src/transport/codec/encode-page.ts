import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { RecordedEvent } from "../../domain/event.js";
import { encodeFrame, framesOf } from "../../domain/event-frame.js";

/** What a page of the whole log has beside its events. */
export interface WholePageParts {
  readonly globalPositions: readonly bigint[];
  readonly cursor: string;
}

/**
 * A ReadAllResponse with a page, straight from events to bytes: the same bytes as by way of the
 * generated messages, which cost three times as much (test/codec.test.ts compares them). Events that
 * came from a store as frames go as they came.
 */
export function encodePageAnswer(
  events: readonly RecordedEvent[],
  whole?: WholePageParts,
): Uint8Array {
  const frames = framesOf(events) ?? joined(events.map(encodeFrame));
  const rest = whole ? encodeParts(whole) : none;
  const head = new BinaryWriter()
    .tag(2, WireType.LengthDelimited)
    .uint32(frames.length + rest.length)
    .finish();
  return joined([head, frames, rest]);
}

const none = new Uint8Array();

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function encodeParts({ globalPositions, cursor }: WholePageParts): Uint8Array {
  const writer = new BinaryWriter().tag(2, WireType.LengthDelimited).fork();
  for (const position of globalPositions) writer.uint64(position);
  writer.join();
  if (cursor !== "") writer.tag(3, WireType.LengthDelimited).string(cursor);
  return writer.finish();
}
