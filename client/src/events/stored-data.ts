import type { z } from "zod";
import { type ContentType, parseContentType } from "./content-type.js";
import type { DataCodec } from "./data-codec.js";
import { parseJson } from "./json-codec.js";
import type { ParsedData } from "./parse-data.js";
import { type Upcasters, upcast } from "./upcasters.js";

/** An event's data as it is in the log. */
export interface StoredData {
  readonly contentType: string;
  readonly data: Uint8Array;
}

/** Data of the present version, or why there is none. */
export type DecodedData<Data> =
  | ParsedData<Data>
  /** It was written by a newer definition. */
  | { readonly ok: false; readonly newerVersion: number };

/** The present version of a kind of event, and the ways to it. */
export interface Versions {
  readonly version: number;
  readonly upcasters: Upcasters;
  /** The content type of the present version. */
  readonly current: { readonly text: string; readonly parsed: ContentType };
}

/** Reads stored data of any version up to the present one. */
export function decodeStored<Schema extends z.ZodType>(
  { contentType, data }: StoredData,
  codec: DataCodec<Schema>,
  { version, upcasters, current }: Versions,
): DecodedData<z.output<Schema>> {
  if (contentType === current.text) return codec.decode(data, current.parsed); // nearly always
  const stored = parseContentType(contentType);
  if (stored.version === undefined) {
    return { ok: false, problem: `has no version: ${contentType}`, cause: undefined };
  }
  if (stored.version > version) return { ok: false, newerVersion: stored.version };
  if (stored.version === version) return codec.decode(data, stored);
  const value = stored.mediaType === "application/json" ? jsonValue(data) : bytes(data);
  if (!value.ok) return value;
  const upcasted = upcast(upcasters, value.data, { from: stored.version, to: version });
  return upcasted.ok ? codec.accept(upcasted.data) : upcasted;
}

function jsonValue(data: Uint8Array): ParsedData<unknown> {
  try {
    return { ok: true, data: parseJson(data) };
  } catch (cause) {
    return { ok: false, problem: "is not JSON", cause };
  }
}

function bytes(data: Uint8Array): ParsedData<unknown> {
  return { ok: true, data };
}
