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
  const parts = [...(framesOf(events) ?? events.map(encodeFrame))];
  if (whole) parts.push(encodeParts(whole));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = new BinaryWriter().tag(2, WireType.LengthDelimited).uint32(length).finish();
  const { buffer, byteOffset, byteLength } = Buffer.concat([head, ...parts]);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function encodeParts({ globalPositions, cursor }: WholePageParts): Uint8Array {
  const writer = new BinaryWriter().tag(2, WireType.LengthDelimited).fork();
  for (const position of globalPositions) writer.uint64(position);
  writer.join();
  if (cursor !== "") writer.tag(3, WireType.LengthDelimited).string(cursor);
  return writer.finish();
}
