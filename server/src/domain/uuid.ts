import { randomFillSync } from "node:crypto";

/** Each digit is written out: to count them takes the runtime twice as long. */
const groups = [8, 4, 4, 4, 12].map((digits) => "[0-9a-f]".repeat(digits));
const pattern = new RegExp(`^${groups.join("-")}$`, "i");

/** Whether a text is a UUID in its 36 character form, of any version and letter case (RFC 9562). */
export function isUuid(text: string): boolean {
  return text.length === 36 && pattern.test(text);
}

/**
 * A UUIDv7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, the rest random.
 *
 * @param nowMs Unix milliseconds
 */
export function createUuidV7(nowMs: number): string {
  const bytes = randomFillSync(new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(nowMs / 2 ** 32));
  view.setUint32(2, nowMs % 2 ** 32);
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f));
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
  const hex = Buffer.from(bytes).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
