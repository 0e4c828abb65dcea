/** Thrown for bytes that are left to the general decoder: unusual ones, and wrong ones. */
export const unusual: Error = new Error("left to the general decoder");

/**
 * Reads protobuf's wire format where it is plain: numbers from 0 to 2^53 - 1, texts of valid UTF-8, lengths
 * that are there. Anything else it throws `unusual` for.
 * https://protobuf.dev/programming-guides/encoding/
 */
export class PlainReader {
  readonly #bytes: Buffer;
  #at = 0;
  #end: number;

  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, byteLength } = bytes;
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(buffer, byteOffset, byteLength);
    this.#end = bytes.byteLength;
  }

  /** Whether the message that is being read is at its end. */
  get done(): boolean {
    return this.#at === this.#end;
  }

  /** A tag, or the number behind one. */
  number(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 49; factor *= 0x80) {
      if (this.#at >= this.#end) throw unusual;
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw unusual;
  }

  /** Begins a message inside this one. @returns where this one ends, for `leave` */
  enter(): number {
    const outer = this.#end;
    this.#end = this.#endOfValue();
    return outer;
  }

  /** Goes on behind a message that was read to its end. */
  leave(outer: number): void {
    this.#end = outer;
  }

  /** A view. */
  blob(): Uint8Array {
    const end = this.#endOfValue();
    const blob = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return blob;
  }

  /** @param likely what it may well be: to compare it costs less than to decode it again */
  text(likely = ""): string {
    const end = this.#endOfValue();
    if (this.#isAscii(likely, end)) {
      this.#at = end;
      return likely;
    }
    const text = this.#bytes.toString("utf8", this.#at, end);
    // What stands for bytes that are no text, or for itself.
    if (text.includes("\ufffd")) throw unusual;
    this.#at = end;
    return text;
  }

  /** Whether a text stands there, up to `end`, and is ASCII. */
  #isAscii(text: string, end: number): boolean {
    if (text.length !== end - this.#at) return false;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f || this.#bytes[this.#at + i] !== unit) return false;
    }
    return true;
  }

  #endOfValue(): number {
    const length = this.number();
    const end = this.#at + length;
    if (end > this.#end) throw unusual;
    return end;
  }
}
