import type { z } from "zod";
import type { DataCodec } from "./data-codec.js";
import { toJson } from "./json.js";
import { parseData, type ParsedData } from "./parse-data.js";

/** Data as JSON in UTF-8, by a schema. */
export function createJsonCodec<Schema extends z.ZodType>(schema: Schema): DataCodec<Schema> {
  return {
    mediaType: "application/json",
    encode(input) {
      const given = jsonOf(input);
      if (!given.ok) return given;
      // What readers will see is what is checked: a value that JSON would change is found here.
      const parsed = parseData(schema, JSON.parse(given.data));
      if (!parsed.ok) return parsed;
      const { data } = parsed;
      const payload = new TextEncoder().encode(storedJson(schema, given.data, data));
      return { ok: true, data: { data, payload } };
    },
    decode(payload) {
      let json: unknown;
      try {
        json = parseJson(payload);
      } catch (cause) {
        return { ok: false, problem: "is not JSON", cause };
      }
      return parseData(schema, json);
    },
    accept: (value) => parseData(schema, value),
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws when the bytes are not UTF-8, or not JSON */
export function parseJson(payload: Uint8Array): unknown {
  return JSON.parse(utf8.decode(payload));
}

function jsonOf(data: unknown): ParsedData<string> {
  try {
    return { ok: true, data: toJson(data) };
  } catch (cause) {
    return { ok: false, problem: cause instanceof Error ? cause.message : String(cause), cause };
  }
}

/** The schema's output, where the schema reads it back as the same; else what was given. */
function storedJson(schema: z.ZodType, given: string, data: unknown): string {
  try {
    const json = toJson(data);
    if (json === given) return given;
    const again = parseData(schema, JSON.parse(json));
    return again.ok && toJson(again.data) === json ? json : given;
  } catch {
    return given; // the output is no JSON, for example a Map
  }
}
