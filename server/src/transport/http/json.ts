import { createRegistry, type JsonReadOptions, type JsonWriteOptions } from "@bufbuild/protobuf";
import { ErrorDetailSchema } from "@annals/proto/annals/v1/error";
import { limits } from "../../domain/limits.js";
import type { CountFields } from "../codec/field-count.js";
import { boundDigits } from "./bound-digits.js";
import type { Exchange } from "./exchange.js";

boundDigits();

/** How JSON is read and written: a field that the server does not know is refused, as in binary. */
export const jsonOptions: Partial<JsonReadOptions & JsonWriteOptions> = {
  ignoreUnknownFields: false,
  registry: createRegistry(ErrorDetailSchema),
};

/** Whether a request's messages are JSON, by its media type. */
export function isJson({ header }: Exchange): boolean {
  return /\bjson\b/i.test(header("content-type")[0] ?? "");
}

/**
 * The largest request message, in bytes. JSON writes bytes in base64, so that what is as large as it
 * may be in binary takes a third more.
 */
export function maxMessageBytes(json: boolean): number {
  return json ? Math.ceil((limits.messageBytes * 4) / 3) : limits.messageBytes;
}

/** Counts the values of a JSON text by what stands before them, outside of strings. */
export const countJsonValues: CountFields = (bytes, most) => {
  let values = 0;
  let inString = false;
  for (let i = 0; i < bytes.length && values <= most; i++) {
    const byte = bytes[i];
    if (byte === sign.quote) inString = !inString;
    else if (inString && byte === sign.backslash) i++;
    else if (!inString && (byte === sign.comma || byte === sign.brace || byte === sign.bracket)) {
      values++;
    }
  }
  return values;
};

const sign = { quote: 0x22, backslash: 0x5c, comma: 0x2c, brace: 0x7b, bracket: 0x5b } as const;
