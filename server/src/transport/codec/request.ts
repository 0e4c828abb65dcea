import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { invalidArgument } from "../../domain/error.js";
import type { ByHand } from "./by-hand.js";
import { assertFewFields, createFieldCount } from "./field-count.js";
import { createKnownFieldsCheck } from "./unknown-fields.js";

/**
 * Makes the decoder of a request. It throws AnnalsError invalid_argument for bytes that are not
 * this message (text that is not UTF-8 among them) and for fields that the server does not know, and
 * limit_exceeded for far too many fields.
 *
 * @param byHand is asked first
 */
export function createRequestDecoder<Desc extends DescMessage>(
  schema: Desc,
  byHand?: Pick<ByHand<Desc>, "decode">,
): (bytes: Uint8Array) => MessageShape<Desc> {
  const assertKnownFields = createKnownFieldsCheck(schema);
  const countFields = createFieldCount(schema);
  return (bytes) => {
    assertFewFields(bytes, countFields);
    const known = byHand?.decode(bytes);
    if (known) return known;
    const message = decode(schema, bytes);
    assertKnownFields(message, "");
    return message;
  };
}

function decode<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  try {
    return fromBinary(schema, bytes);
  } catch {
    throw invalidArgument("request", `is not a ${schema.typeName}`);
  }
}
