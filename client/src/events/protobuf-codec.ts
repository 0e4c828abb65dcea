import {
  create,
  type DescMessage,
  fromBinary,
  isMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { z } from "zod";
import type { DataCodec } from "./data-codec.js";
import type { ParsedData } from "./parse-data.js";

/** What a protobuf message is as a schema: takes what makes a message, gives the message. */
export type MessageSchema<Desc extends DescMessage> = z.ZodType<
  MessageShape<Desc>,
  MessageInitShape<Desc>
>;

const mediaType = "application/protobuf";

export function createMessageSchema<Desc extends DescMessage>(message: Desc): MessageSchema<Desc> {
  return z
    .custom<MessageInitShape<Desc>>((value) => typeof value === "object" && value !== null)
    .transform((init) => create(message, init));
}

/** Data as a protobuf message in its binary form; 64-bit integers are bigints. */
export function createProtobufCodec<Desc extends DescMessage>(
  message: Desc,
): DataCodec<MessageSchema<Desc>> {
  const encode = (
    init: MessageInitShape<Desc>,
  ): ParsedData<{ data: MessageShape<Desc>; payload: Uint8Array }> =>
    attempt(() => {
      if (isMessage(init) && !isMessage(init, message)) {
        throw new TypeError(`is a ${init.$typeName}, not a ${message.typeName}`);
      }
      const payload = toBinary(message, create(message, init));
      return { data: fromBinary(message, payload), payload };
    });
  return {
    mediaType: `${mediaType}; message=${message.typeName}`,
    encode,
    decode(payload, stored) {
      if (stored.mediaType !== mediaType) {
        return failed(`is ${stored.mediaType || "of no content type"}, not ${mediaType}`);
      }
      if (stored.message !== undefined && stored.message !== message.typeName) {
        return failed(`is a ${stored.message}, not a ${message.typeName}`);
      }
      return attempt(() => fromBinary(message, payload));
    },
    accept(value) {
      const encoded = encode(value as MessageInitShape<Desc>);
      return encoded.ok ? { ok: true, data: encoded.data.data } : encoded;
    },
  };
}

function attempt<T>(run: () => T): ParsedData<T> {
  try {
    return { ok: true, data: run() };
  } catch (cause) {
    return { ok: false, problem: cause instanceof Error ? cause.message : String(cause), cause };
  }
}

function failed(problem: string): ParsedData<never> {
  return { ok: false, problem, cause: undefined };
}
