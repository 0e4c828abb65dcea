import { Buffer } from "node:buffer";
import { writeText } from "../../domain/write-text.js";

/** Of an array's head, and of the length before each of its elements. */
const arrayHeadBytes = 20;
const lengthBytes = 4;

/** Object ids of the types of elements: src/include/catalog/pg_type.dat */
const elementType = { bytea: 17, int8: 20, text: 25, uuid: 2950 } as const;

/** Microseconds from 1970, where instants begin, to 2000, where PostgreSQL's do. */
const year2000 = 946_684_800_000_000n;

/**
 * Writes values in PostgreSQL's binary format, into a buffer that grows: of arrays, half the bytes of
 * literals and a fraction of the work, and nothing to escape. Formats: int8send, timestamptz_send, uuid_send
 * and array_recv below src/backend/utils/adt.
 */
export class BinaryWriter {
  #buffer: Buffer;
  #at = 0;

  /** @param bytes about how many there will be */
  constructor(bytes: number) {
    this.#buffer = Buffer.allocUnsafe(bytes);
  }

  get length(): number {
    return this.#at;
  }

  /** What was written: a view. */
  written(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#at++] = value;
  }

  int16(value: number): void {
    this.byte(value >>> 8);
    this.byte(value);
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#putInt32(value);
  }

  /** Puts a number where one was left out. */
  int32At(at: number, value: number): void {
    this.#buffer.writeInt32BE(value, at);
  }

  int8(value: bigint): void {
    this.#reserve(8);
    this.#putInt8(value);
  }

  timestamptz(micros: bigint): void {
    this.int8(micros - year2000);
  }

  int8Array(values: readonly bigint[]): void {
    this.#arrayHead(elementType.int8, values.length, 12 * values.length);
    for (const value of values) {
      this.#putInt32(8);
      this.#putInt8(value);
    }
  }

  /** Of uuids in their form with 36 characters. */
  uuidArray(values: readonly string[]): void {
    this.#arrayHead(elementType.uuid, values.length, 20 * values.length);
    let before = "";
    for (const value of values) {
      this.#putInt32(16);
      if (value === before) {
        const repeated = this.#at - 16 - lengthBytes;
        this.#buffer.copyWithin(this.#at, repeated, repeated + 16);
        this.#at += 16;
      } else this.#putUuid(value);
      before = value;
    }
  }

  textArray(values: readonly string[]): void {
    let units = 0;
    for (const value of values) units += value.length;
    this.#arrayHead(elementType.text, values.length, lengthBytes * values.length + 3 * units);
    for (const value of values) {
      const start = this.#at + lengthBytes;
      const end = writeText(this.#buffer, value, start);
      this.#putInt32(end - start);
      this.#at = end;
    }
  }

  /** Of so many values, each of them taken before the next. */
  byteaArray(values: Iterable<Uint8Array>, count: number): void {
    this.#arrayHead(elementType.bytea, count, 0);
    for (const value of values) {
      this.#reserve(lengthBytes + value.byteLength);
      this.#putInt32(value.byteLength);
      this.#buffer.set(value, this.#at);
      this.#at += value.byteLength;
    }
  }

  /** One dimension, no NULLs, counted from 1. @param bytes of the elements and their lengths */
  #arrayHead(type: number, count: number, bytes: number): void {
    this.#reserve(arrayHeadBytes + bytes);
    this.#putInt32(1);
    this.#putInt32(0);
    this.#putInt32(type);
    this.#putInt32(count);
    this.#putInt32(1);
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * needed);
    larger.set(this.written());
    this.#buffer = larger;
  }

  #putInt32(value: number): void {
    const buffer = this.#buffer;
    const at = this.#at;
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
    this.#at = at + 4;
  }

  #putInt8(value: bigint): void {
    const number = Number(value);
    if (number >= 0 && Number.isSafeInteger(number)) {
      this.#putInt32(Math.floor(number / 2 ** 32));
      this.#putInt32(number % 2 ** 32);
    } else {
      this.#at = this.#buffer.writeBigInt64BE(value, this.#at);
    }
  }

  #putUuid(uuid: string): void {
    let to = this.#at;
    for (const at of digits) {
      this.#buffer[to++] = (digitOf(uuid.charCodeAt(at)) << 4) | digitOf(uuid.charCodeAt(at + 1));
    }
    this.#at = to;
  }
}

/** Where the two digits of each byte of a UUID stand. */
const digits = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/** Of "0" to "9" and "a" to "f", in either case. */
function digitOf(code: number): number {
  return (code & 15) + (code >> 6) * 9;
}
