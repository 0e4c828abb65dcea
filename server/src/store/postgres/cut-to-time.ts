import type { EventFilter } from "../../domain/filter.js";
import { maxInstant, minInstant } from "../../domain/instant.js";
import type { PlaceRange } from "../log-range.js";
import type { ReadOptions } from "../store.js";
import type { Log } from "./get-head.js";
import { allTenants, type QueryPool } from "./query-pool.js";
import { toTimestamp } from "./row.js";

/**
 * Cuts a range down to a filter's times, as log-range.ts does and for the same reason, but with the
 * bisection inside PostgreSQL: one round trip for a bound.
 */
export async function cutToTime(
  pool: QueryPool,
  log: Log,
  { lowest, highest }: PlaceRange,
  { recordedFrom, recordedBefore }: EventFilter,
  options?: ReadOptions,
): Promise<PlaceRange> {
  const firstSince = async (instant: bigint, from: bigint): Promise<bigint> => {
    if (instant <= minInstant) return from;
    if (instant > maxInstant) return highest + 1n;
    const tenant = log.tenantId === undefined ? [] : [log.tenantId];
    const values = [from, highest + 1n, toTimestamp(instant), ...tenant];
    const [row] = await pool.query<[string]>(
      log.tenantId ?? allTenants,
      bisect(log),
      values,
      options,
    );
    return BigInt(row?.[0] ?? highest + 1n);
  };
  const start = recordedFrom === undefined ? lowest : await firstSince(recordedFrom, lowest);
  const end = recordedBefore === undefined ? highest + 1n : await firstSince(recordedBefore, start);
  return { lowest: start, highest: end - 1n };
}

/** The first place of $1 to $2 - 1 that was recorded at $3 or later; $2 if none was. */
function bisect({ place, tenantId }: Log): string {
  const tenant = tenantId === undefined ? "" : "tenant_id = $4 AND ";
  return `
    WITH RECURSIVE search (low, high) AS (
      SELECT $1::bigint, $2::bigint
      UNION ALL
      SELECT CASE WHEN early THEN middle + 1 ELSE low END, CASE WHEN early THEN high ELSE middle END
      FROM (
        SELECT low, high, (low + high) / 2 AS middle, (
          SELECT recorded_at < $3::timestamptz FROM annals.events
          WHERE ${tenant}${place} = (low + high) / 2
        ) AS early
        FROM search WHERE low < high
      ) AS step
    )
    SELECT low FROM search WHERE low = high`;
}
