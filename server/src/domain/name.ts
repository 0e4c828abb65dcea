import { AnnalsError, invalidArgument } from "./error.js";
import { limits } from "./limits.js";

const plainAscii = /^[\x20-\x7e]*$/;
const controlCharacter = /[\u0000-\u001f\u007f]/;

/**
 * A name as the contract allows it: 1 to 255 bytes of UTF-8, no control characters.
 *
 * @param field its path, for the error
 * @throws AnnalsError invalid_argument, or limit_exceeded "name_bytes"
 */
export function parseName(text: string, field: string): string {
  if (text.length === 0) throw invalidArgument(field, "must not be empty");
  return parseOptionalName(text, field);
}

/** Like parseName, but may be empty. */
export function parseOptionalName(text: string, field: string): string {
  if (plainAscii.test(text)) {
    assertNameLength(text.length, field);
    return text;
  }
  if (!text.isWellFormed()) throw invalidArgument(field, "must be well-formed Unicode");
  if (controlCharacter.test(text)) {
    throw invalidArgument(field, "must not hold control characters");
  }
  assertNameLength(Buffer.byteLength(text), field);
  return text;
}

/** A metadata value: any well-formed text without NUL; its length counts as part of the event. */
export function parseText(text: string, field: string): string {
  if (!text.isWellFormed()) throw invalidArgument(field, "must be well-formed Unicode");
  if (text.includes("\0")) throw invalidArgument(field, "must not hold NUL");
  return text;
}

function assertNameLength(bytes: number, field: string): void {
  if (bytes <= limits.nameBytes) return;
  throw new AnnalsError({
    reason: "limit_exceeded",
    limit: "name_bytes",
    maximum: limits.nameBytes,
    actual: bytes,
    field,
  });
}
