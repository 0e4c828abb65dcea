import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { AnnalsError, invalidArgument } from "../../domain/error.js";
import { limits } from "../../domain/limits.js";

/**
 * Counts a message's fields, and those of the messages in it, up to a most.
 *
 * @throws AnnalsError invalid_argument for bytes that are no such message
 */
export type CountFields = (bytes: Uint8Array, most: number) => number;

const maximum = limits.messageFields;

/**
 * Refuses a message of more fields than any request has use for, before it is decoded: that would take seconds, in
 * which nobody else is answered.
 *
 * @throws AnnalsError limit_exceeded "message_fields"; what `count` throws
 */
export function assertFewFields(bytes: Uint8Array, count: CountFields): void {
  if (!mayHaveMany(bytes.byteLength) || count(bytes, maximum) <= maximum) return;
  throw new AnnalsError({ reason: "limit_exceeded", limit: "message_fields", maximum, actual: 0 });
}

/** Whether so many bytes may hold too many fields: each has two at least. */
export function mayHaveMany(bytes: number): boolean {
  return bytes > 2 * maximum;
}

/**
 * Makes the count for a schema: it decodes nothing, so that it costs a small part of what decoding does. It refuses
 * what the decoder would read differently: a field of another wire type, and one that goes past the end of its message.
 *
 * @throws Error for a schema with lists of numbers, of which each may take one byte, or with groups: no request has any
 */
export function createFieldCount(schema: DescMessage): CountFields {
  const count = countOf(fieldsOf(schema));
  return (bytes, most) => {
    try {
      return count(new BinaryReader(bytes), bytes.byteLength, most);
    } catch {
      throw invalidArgument("request", `is not a ${schema.typeName}`);
    }
  };
}

type Count = (reader: BinaryReader, end: number, most: number) => number;

/** A field that the schema has. */
interface Known {
  readonly wireType: WireType;
  /** Of the message in it. */
  readonly count?: Count;
}

function countOf(known: ReadonlyMap<number, Known>): Count {
  return (reader, end, most) => {
    let fields = 0;
    while (reader.pos < end) {
      const [no, wireType] = reader.tag();
      if (++fields > most) return fields;
      const field = known.get(no);
      if (field && field.wireType !== wireType) throw notTheMessage;
      if (field?.count) {
        const innerEnd = reader.uint32() + reader.pos;
        fields += field.count(reader, innerEnd, most - fields);
        if (fields > most) return fields;
      } else {
        reader.skip(wireType, no);
      }
    }
    if (reader.pos > end) throw notTheMessage;
    return fields;
  };
}

const notTheMessage = new Error("not the message that it was taken for");

function fieldsOf({ fields }: DescMessage): ReadonlyMap<number, Known> {
  return new Map(fields.map((field) => [field.number, knownOf(field)]));
}

function knownOf(field: DescField): Known {
  const known = valueOf(field);
  const isPackable = field.fieldKind === "list" && known.wireType !== WireType.LengthDelimited;
  const isGroup = "delimitedEncoding" in field && field.delimitedEncoding;
  if (isPackable || isGroup) throw new Error(`${String(field)} is of a kind that is not counted`);
  if (field.fieldKind !== "map") return known;
  // https://protobuf.dev/programming-guides/encoding/#maps
  const entry = new Map([
    [1, { wireType: wireTypeOf(field.mapKey) }],
    [2, known],
  ]);
  return { wireType: WireType.LengthDelimited, count: countOf(entry) };
}

/** What a field has one or more of. */
function valueOf({ message, scalar }: DescField): Known {
  if (message) return { wireType: WireType.LengthDelimited, count: countOf(fieldsOf(message)) };
  return { wireType: scalar === undefined ? WireType.Varint : wireTypeOf(scalar) }; // an enum has none
}

function wireTypeOf(scalar: ScalarType): WireType {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}
