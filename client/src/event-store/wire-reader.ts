import { textReader } from "#platform";
import { AnnalsError } from "../connection/errors.js";

/** Reads one message of protobuf's wire format. https://protobuf.dev/programming-guides/encoding/ */
export class WireReader {
  #at: number;
  readonly #text: (start: number, end: number) => string;

  constructor(
    private readonly bytes: Uint8Array,
    start = 0,
    private readonly end: number = bytes.length,
    text: (start: number, end: number) => string = textReader(bytes),
  ) {
    this.#at = start;
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.end;
  }

  /** A number of up to 53 bits: a tag, a length, a small value. @throws AnnalsError internal */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    throw malformed();
  }

  /** A number of 64 bits without a sign. @throws AnnalsError internal */
  uint64(): bigint {
    let low = 0;
    let factor = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.#byte();
      low += (byte & 0x7f) * factor;
      if (byte < 0x80) return BigInt(low);
      factor *= 0x80;
    }
    let value = BigInt(low);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw malformed();
  }

  /** A number of 64 bits with a sign; past 53 bits it is rounded. @throws AnnalsError internal */
  int64(): number {
    const start = this.#at;
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    this.#at = start;
    return Number(BigInt.asIntN(64, this.uint64()));
  }

  text(): string {
    const start = this.#delimited();
    return this.#text(start, this.#at);
  }

  /** A text that is often the one before: that is kept, where it is. */
  textLike(before: { readonly bytes: Uint8Array; readonly text: string } | undefined): {
    readonly bytes: Uint8Array;
    readonly text: string;
  } {
    const start = this.#delimited();
    if (before && this.#isSame(before.bytes, start)) return before;
    return { bytes: this.bytes.subarray(start, this.#at), text: this.#text(start, this.#at) };
  }

  /** Not a copy. */
  blob(): Uint8Array {
    const start = this.#delimited();
    return this.bytes.subarray(start, this.#at);
  }

  /** A message inside this one. */
  message(): WireReader {
    const start = this.#delimited();
    return new WireReader(this.bytes, start, this.#at, this.#text);
  }

  /** Passes over a field that is not known. @throws AnnalsError internal */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.uint64();
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.#delimited();
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw malformed();
    }
  }

  /** @returns where the value starts; it ends where the reader is then */
  #delimited(): number {
    const length = this.varint();
    const start = this.#at;
    this.#advance(length);
    return start;
  }

  #advance(length: number): void {
    this.#at += length;
    if (this.#at > this.end) throw malformed();
  }

  #byte(): number {
    const byte = this.#at < this.end ? this.bytes[this.#at] : undefined;
    if (byte === undefined) throw malformed();
    this.#at++;
    return byte;
  }

  #isSame(bytes: Uint8Array, start: number): boolean {
    if (bytes.length !== this.#at - start) return false;
    for (let i = 0; i < bytes.length; i++) {
      if (bytes[i] !== this.bytes[start + i]) return false;
    }
    return true;
  }
}

function malformed(): AnnalsError {
  return new AnnalsError("internal", "the server answered what is no event", {});
}
