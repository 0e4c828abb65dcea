import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { RequestTemplate } from "../load/load-job.js";
import type { AppendShape } from "./append-request.js";
import { jsonOf, markOf, offsetsOf, streamMark } from "./append-request.js";

// What its package comes with holds no .proto, so the few messages that are needed are written here,
// by the numbers of its published contract, package umadb.v1, service DCB.

/** Paths of the calls. */
export const umaDbPath = {
  append: "/umadb.v1.DCB/Append",
  read: "/umadb.v1.DCB/Read",
  head: "/umadb.v1.DCB/Head",
} as const;

/** Where a ReadResponse holds its events. */
export const umaDbEventsAt = [1] as const;

/**
 * The same events as createAppendRequest's, as far as there is a place for them: type, JSON, id, and
 * the stream as a tag. Without a condition, as that one has any expected version.
 */
export function createUmaDbAppend(shape: Omit<AppendShape, "tenants">): RequestTemplate {
  const ids = Array.from({ length: shape.events }, (_, i) => markOf(i));
  const writer = new BinaryWriter();
  for (const id of ids) {
    writer.tag(1, WireType.LengthDelimited).fork(); // AppendRequest.events
    writer.tag(1, WireType.LengthDelimited).string("OrderPlaced");
    writer.tag(2, WireType.LengthDelimited).string(`order-${streamMark}`);
    writer.tag(3, WireType.LengthDelimited).bytes(jsonOf(shape.dataBytes));
    writer.tag(4, WireType.LengthDelimited).string(id);
    writer.join();
  }
  const message = writer.finish();
  return {
    path: umaDbPath.append,
    metadata: [[]],
    message,
    uuidOffsets: ids.flatMap((id) => offsetsOf(message, id)),
    picks: offsetsOf(message, streamMark).map((offset) => ({ offset, among: shape.streams })),
  };
}

/** The position in a HeadResponse; 0 for an empty log. */
export function readUmaDbHead(bytes: Uint8Array): number {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) return Number(reader.uint64());
    reader.skip(type);
  }
  return 0;
}
