import type { HeaderField } from "./hpack-decode.js";
import { staticTable } from "./hpack-static-table.js";

/**
 * Encodes a header block that leaves the peer's dynamic table alone, so that it can be sent any
 * number of times: whole entries of the static table by their index, everything else as a literal
 * without indexing and without Huffman coding (RFC 7541, section 6.2.2).
 *
 * @param fields names in lower case, ASCII
 */
export function encodeHeaderBlock(fields: readonly HeaderField[]): Buffer {
  return Buffer.concat(fields.map(encodeField));
}

function encodeField([name, value]: HeaderField): Buffer {
  const whole = staticTable.findIndex(([n, v]) => n === name && v === value && v !== "");
  if (whole >= 0) return encodeInteger(0x80, 7, whole + 1);
  const named = staticTable.findIndex(([n]) => n === name);
  return named >= 0
    ? Buffer.concat([encodeInteger(0, 4, named + 1), encodeString(value)])
    : Buffer.concat([Buffer.of(0), encodeString(name), encodeString(value)]);
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([encodeInteger(0, 7, bytes.length), bytes]);
}

/** An integer behind the bits of `flags`, which leave it `prefixBits` of the first byte (section 5.1). */
function encodeInteger(flags: number, prefixBits: number, value: number): Buffer {
  const mask = 2 ** prefixBits - 1;
  if (value < mask) return Buffer.of(flags | value);
  const bytes = [flags | mask];
  let rest = value - mask;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 | (rest % 128));
  bytes.push(rest);
  return Buffer.from(bytes);
}
