import { decodeHuffman } from "./hpack-huffman.js";
import { staticTable } from "./hpack-static-table.js";

/** A header or trailer: lower-case name, value. */
export type HeaderField = readonly [name: string, value: string];

/**
 * Decodes a header block (RFC 7541, section 6) of a peer that was told SETTINGS_HEADER_TABLE_SIZE 0.
 * Its dynamic table is always empty, so what a block means depends on nothing but its own bytes.
 *
 * @throws Error when the block is malformed or refers to a dynamic table
 */
export function decodeHeaderBlock(block: Buffer): HeaderField[] {
  const reader = new BlockReader(block);
  const fields: HeaderField[] = [];
  while (!reader.atEnd()) {
    const first = reader.peek();
    if (first >= 0x80) {
      fields.push(entry(reader.integer(7)));
    } else if (first >= 0x40) {
      fields.push(reader.literal(6)); // asks to be indexed; an empty table stays empty
    } else if (first >= 0x20) {
      if (reader.integer(5) !== 0) throw new Error("HPACK: the peer's table is not empty");
    } else {
      fields.push(reader.literal(4));
    }
  }
  return fields;
}

class BlockReader {
  #at = 0;

  constructor(private readonly block: Buffer) {}

  atEnd(): boolean {
    return this.#at >= this.block.length;
  }

  peek(): number {
    return this.block.readUInt8(this.#at);
  }

  /** An integer whose first byte has `prefixBits` for it (section 5.1). */
  integer(prefixBits: number): number {
    const mask = 2 ** prefixBits - 1;
    let value = this.block.readUInt8(this.#at++) & mask;
    if (value < mask) return value;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.block.readUInt8(this.#at++);
      value += (byte & 127) * scale;
      if (value > 2 ** 31) throw new Error("HPACK: an integer is too large");
      if (byte < 128) return value;
    }
  }

  /** A name, by index or by itself, and a value (section 6.2). */
  literal(prefixBits: number): HeaderField {
    const index = this.integer(prefixBits);
    const name = index === 0 ? this.#string() : entry(index)[0];
    return [name, this.#string()];
  }

  #string(): string {
    const huffman = this.peek() >= 0x80;
    const length = this.integer(7);
    const end = this.#at + length;
    if (end > this.block.length) throw new Error("HPACK: a string is cut off");
    const bytes = this.block.subarray(this.#at, end);
    this.#at = end;
    return (huffman ? decodeHuffman(bytes) : bytes).toString("latin1");
  }
}

function entry(index: number): HeaderField {
  const field = staticTable[index - 1];
  if (!field) throw new Error(`HPACK: there is no entry ${index}`);
  return field;
}
