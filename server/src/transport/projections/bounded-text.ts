import { parseText } from "../../domain/name.js";
import { assertCount } from "../codec/new-event.js";

/** Well-formed text without NUL. @throws AnnalsError invalid_argument, limit_exceeded */
export function parseBoundedText(
  text: string,
  field: string,
  limit: { readonly name: string; readonly maxBytes: number },
): string {
  assertCount(Buffer.byteLength(text), limit.name, limit.maxBytes, field);
  return parseText(text, field);
}
