import { AnnalsError } from "../connection/errors.js";
import type { ParsedData } from "./parse-data.js";

/**
 * What makes data of the next version out of data of each older one: `{ 1: (v1: V1) => v2 }`. What
 * they are given is what was stored: JSON as its value, anything else as bytes.
 */
export type Upcasters = Readonly<Record<number, (data: never) => unknown>>;

/** @throws AnnalsError invalid_options for a version without a way to the present, or a way too many */
export function assertUpcasters(eventType: string, version: number, upcasters: Upcasters): void {
  if (!Number.isInteger(version) || version < 1 || version > 999_999_999) {
    throw new AnnalsError("invalid_options", `${eventType}: version cannot be ${version}`, {});
  }
  for (let from = 1; from < version; from++) {
    if (upcasters[from]) continue;
    const message = `${eventType}: version ${from} has no upcaster to version ${from + 1}`;
    throw new AnnalsError("invalid_options", message, {});
  }
  const [extra] = Object.keys(upcasters).filter((from) => !(Number(from) < version));
  if (extra === undefined) return;
  const message = `${eventType}: the upcaster of ${extra} leads past version ${version}`;
  throw new AnnalsError("invalid_options", message, {});
}

/** Leads data from an older version to the present one, step by step. */
export function upcast(
  upcasters: Upcasters,
  data: unknown,
  range: { readonly from: number; readonly to: number },
): ParsedData<unknown> {
  let current = data;
  for (let version = range.from; version < range.to; version++) {
    try {
      current = upcasters[version]?.(current as never);
    } catch (cause) {
      const problem = `the upcaster of version ${version} failed: ${String(cause)}`;
      return { ok: false, problem, cause };
    }
  }
  return { ok: true, data: current };
}
