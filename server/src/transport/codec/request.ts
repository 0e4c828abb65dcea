import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { AnnalsError, invalidArgument } from "../../domain/error.js";
import { limits } from "../../domain/limits.js";
import type { ByHand } from "./by-hand.js";
import { createFieldCount } from "./field-count.js";
import { createKnownFieldsCheck } from "./unknown-fields.js";

/**
 * Makes the decoder of a request. It throws AnnalsError invalid_argument for bytes that are not
 * this message (text that is not UTF-8 among them) and for fields that the server does not know;
 * limit_exceeded for more fields than any request has use for, which would take seconds to decode.
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
    if (bytes.byteLength > mostFields * leastFieldBytes)
      assertCount(countFields(bytes, mostFields));
    const known = byHand?.decode(bytes);
    if (known) return known;
    const message = decode(schema, bytes);
    assertKnownFields(message, "");
    return message;
  };
}

const mostFields = limits.messageFields;
const leastFieldBytes = 2;

function assertCount(fields: number): void {
  if (fields <= mostFields) return;
  throw new AnnalsError({
    reason: "limit_exceeded",
    limit: "message_fields",
    maximum: mostFields,
    actual: 0,
  });
}

function decode<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  try {
    return fromBinary(schema, bytes);
  } catch {
    throw invalidArgument("request", `is not a ${schema.typeName}`);
  }
}
