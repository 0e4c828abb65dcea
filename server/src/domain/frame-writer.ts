import { writeText } from "./write-text.js";

/** Room before what is written: for a tag, and the length of what a buffer may hold. */
const headRoom = 1 + 5;

/**
 * Writes protobuf's wire format into a buffer that is used again and again: an event takes a sixth of the
 * time that a writer takes which grows with it. Field numbers are 1 to 15.
 * https://protobuf.dev/programming-guides/encoding/
 */
export class FrameWriter {
  #buffer = Buffer.allocUnsafeSlow(16_384);
  #at = headRoom;

  /** Begins anew. @param bytes the most that is to be written; a UTF-16 unit is three */
  begin(bytes: number): void {
    const all = headRoom + bytes;
    if (this.#buffer.length < all) this.#buffer = Buffer.allocUnsafeSlow(2 * all);
    this.#at = headRoom;
  }

  /** What was written, behind a tag of one byte and its length: a view, good until the next `begin`. */
  finish(tag: number): Uint8Array {
    const length = this.#at - headRoom;
    const start = headRoom - 1 - sizeOfVarint(length);
    this.#buffer[start] = tag;
    putVarint(this.#buffer, start + 1, length);
    return new Uint8Array(this.#buffer.buffer, start, this.#at - start);
  }

  /** What was written, without a tag, as bytes of its own. */
  copy(): Buffer {
    return Buffer.from(this.#buffer.subarray(headRoom, this.#at));
  }

  /** A text; none for an empty one. */
  text(no: number, text: string): void {
    if (text !== "") this.item(no, text);
  }

  /** A text, also an empty one. */
  item(no: number, text: string): void {
    this.#buffer[this.#at++] = (no << 3) | 2;
    if (text.length < 43) {
      // At most 126 bytes, so their number takes one.
      const start = this.#at + 1;
      const end = writeText(this.#buffer, text, start);
      this.#buffer[this.#at] = end - start;
      this.#at = end;
    } else {
      this.#varint(Buffer.byteLength(text));
      this.#at = writeText(this.#buffer, text, this.#at);
    }
  }

  bytes(no: number, bytes: Uint8Array): void {
    this.#buffer[this.#at++] = (no << 3) | 2;
    this.#varint(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** The head of a message that is so long. */
  message(no: number, length: number): void {
    this.#buffer[this.#at++] = (no << 3) | 2;
    this.#varint(length);
  }

  /** A number of 64 bits, with a sign or without. */
  number(no: number, value: bigint | number): void {
    this.#buffer[this.#at++] = no << 3;
    const number = Number(value);
    if (number >= 0 && Number.isSafeInteger(number)) {
      this.#varint(number);
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#buffer[this.#at++] = Number(rest);
  }

  /** A google.protobuf.Timestamp. */
  time(no: number, seconds: bigint | number, nanos: number): void {
    const sizeOfSeconds = seconds < 0 ? 10 : sizeOfVarint(Number(seconds));
    const ofSeconds = Number(seconds) === 0 ? 0 : 1 + sizeOfSeconds;
    this.message(no, ofSeconds + (nanos === 0 ? 0 : 1 + sizeOfVarint(nanos)));
    if (ofSeconds !== 0) this.number(1, seconds);
    if (nanos !== 0) this.number(2, nanos);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) {
      this.#buffer[this.#at++] = (rest & 0x7f) | 0x80;
    }
    this.#buffer[this.#at++] = rest;
  }
}

/** How many bytes a number takes, from 0 to 2^53 - 1. */
export function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Puts a number where it fits exactly. */
function putVarint(bytes: Uint8Array, at: number, value: number): void {
  let rest = value;
  let to = at;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes[to++] = (rest & 0x7f) | 0x80;
  bytes[to] = rest;
}
