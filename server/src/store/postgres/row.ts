import type pg from "pg";
import type { NewEvent } from "../../domain/event.js";
import type { Instant } from "../../domain/instant.js";

/** Leaves every column as text: who reads a row knows what it holds. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: () => asIs,
};

/** A timestamptz of a session in UTC, "2026-01-31 12:00:00.123456+00", years 1 to 9999. */
export function toInstant(text: string): Instant {
  const millis = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`);
  const micros = text.charCodeAt(19) === 46 ? Number(text.slice(20, -3).padEnd(6, "0")) : 0;
  const all = millis * 1000 + micros;
  return Number.isSafeInteger(all) ? BigInt(all) : BigInt(millis) * 1000n + BigInt(micros);
}

/** A timestamp as PostgreSQL reads it, for years 1 to 9999. */
export function toTimestamp(instant: Instant): string {
  const micros = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((instant - micros) / 1000n));
  return `${date.toISOString().slice(0, 19)}.${String(micros).padStart(6, "0")}Z`;
}

/** Tags as a column: an array literal. */
export function tagsColumn({ tags }: NewEvent): string {
  if (tags.length === 0) return "{}";
  return `{${tags.map((tag) => `"${tag.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

/** A bytea that was selected as encode(..., 'base64'): the shortest text of bytes, and the quickest to read. */
export function toBytes(base64: string): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.from(base64, "base64");
  return new Uint8Array(buffer, byteOffset, length);
}

function asIs(text: string): string {
  return text;
}
