import { createRegistry, type JsonReadOptions, type JsonWriteOptions } from "@bufbuild/protobuf";
import { ErrorDetailSchema } from "@annals/proto/annals/v1/error";
import { limits } from "../../domain/limits.js";
import type { Exchange } from "./exchange.js";

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
