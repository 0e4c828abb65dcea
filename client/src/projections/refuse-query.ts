import type { AnnalsError } from "../connection/errors.js";

/**
 * Refuses a call of a client of `pg` where its caller looks for the outcome: a query in its callback or
 * its promise; a cursor, and what is no query, throws.
 */
export function refuseQuery(
  error: AnnalsError,
  method: PropertyKey,
  args: readonly unknown[],
): unknown {
  const [query] = args;
  const isCursor = typeof query === "object" && query !== null && "submit" in query;
  if (method !== "query" || isCursor) throw error;
  const callback = args.at(-1);
  if (typeof callback !== "function") return Promise.reject(error);
  queueMicrotask(() => {
    (callback as (error: AnnalsError) => void)(error);
  });
  return undefined;
}
