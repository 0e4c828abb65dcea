import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { AnnalsError } from "../../domain/error.js";
import { limits } from "../../domain/limits.js";

/** Counts a message's fields, and those of the messages in it, up to a most; what is malformed ends it. */
export type CountFields = (bytes: Uint8Array, most: number) => number;

const maximum = limits.messageFields;

/**
 * Refuses a message of more fields than any request has use for, before it is decoded: that would take seconds, in
 * which nobody else is answered.
 *
 * @throws AnnalsError limit_exceeded "message_fields"
 */
export function assertFewFields(bytes: Uint8Array, count: CountFields): void {
  if (!mayHaveMany(bytes.byteLength) || count(bytes, maximum) <= maximum) return;
  throw new AnnalsError({ reason: "limit_exceeded", limit: "message_fields", maximum, actual: 0 });
}

/** Whether so many bytes may hold too many fields: each has two at least. */
export function mayHaveMany(bytes: number): boolean {
  return bytes > 2 * maximum;
}

/** Makes the count for a schema: it decodes nothing, so that it costs a small part of what decoding does. */
export function createFieldCount(schema: DescMessage): CountFields {
  const count = countOf(schema);
  return (bytes, most) => {
    try {
      return count(new BinaryReader(bytes), bytes.byteLength, most);
    } catch {
      return 0; // the decoder says what is wrong with it
    }
  };
}

type Count = (reader: BinaryReader, end: number, most: number) => number;

function countOf(schema: DescMessage): Count {
  const inner = new Map<number, Count>();
  for (const { number, message, fieldKind } of schema.fields) {
    if (message && fieldKind !== "map") inner.set(number, countOf(message));
  }
  return (reader, end, most) => {
    let fields = 0;
    while (reader.pos < end && fields <= most) {
      const [no, wireType] = reader.tag();
      fields++;
      const count = wireType === WireType.LengthDelimited ? inner.get(no) : undefined;
      if (count) {
        const innerEnd = reader.uint32() + reader.pos;
        fields += count(reader, innerEnd, most - fields);
        reader.pos = innerEnd;
      } else {
        reader.skip(wireType, no);
      }
    }
    return fields;
  };
}
