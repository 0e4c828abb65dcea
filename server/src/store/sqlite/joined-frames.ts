import type { PlaceRange } from "../log-range.js";
import type { PageBounds } from "../store.js";
import { emptyPage, type RowPage } from "./page-of.js";
import type { Statements } from "./statements.js";

/** Which rows of the events table, as SQL. */
export interface RowsOfLog {
  /** "events", with its index. */
  readonly table: string;
  /** Begins a condition: "tenant_no = ... AND ", or empty. */
  readonly of: string;
  readonly values: readonly string[];
  readonly place: "position" | "global_position";
}

/**
 * A page of all events in a range, joined by SQLite itself: a value that crosses into JavaScript costs
 * more than to read it.
 */
export function joinedFrames(
  statements: Statements,
  { table, of, values, place }: RowsOfLog,
  { lowest, highest }: PlaceRange,
  bounds: PageBounds,
): RowPage {
  const where = `FROM ${table} WHERE ${of}${place} BETWEEN ? AND ? ORDER BY ${place}`;
  const [sum, maxCount] = statements
    .prepare(`SELECT sum(size), count(*) FROM (SELECT length(frame) AS size ${where} LIMIT ?)`)
    .get(...values, lowest, highest, bounds.maxEvents) as unknown as [bigint | null, bigint];
  if (sum === null) return emptyPage();
  const count =
    sum < bounds.maxBytes
      ? maxCount
      : countUpTo(
          statements
            .prepare(`SELECT length(frame) ${where} LIMIT ?`)
            .iterate(...values, lowest, highest, maxCount) as Iterable<[bigint]>,
          bounds.maxBytes,
        );
  // The rows come in the order of the index, and are joined as they come.
  const [joined, positions, last] = statements
    .prepare(
      `SELECT CAST(group_concat(frame, '') AS BLOB), group_concat(global_position), max(${place})
       FROM (SELECT frame, global_position, ${place} ${where} LIMIT ?)`,
    )
    .get(...values, lowest, highest, count) as unknown as Joined;
  return {
    bytes: joined,
    globalPositions: BigInt64Array.from(positions.split(","), BigInt),
    last,
    full: count >= bounds.maxEvents || joined.byteLength >= bounds.maxBytes,
  };
}

type Joined = [frames: Uint8Array<ArrayBuffer>, globalPositions: string, last: bigint];

/** How many it takes to reach so many bytes. */
function countUpTo(sizes: Iterable<[bigint]>, maxBytes: number): bigint {
  let bytes = 0;
  let count = 0n;
  for (const [size] of sizes) {
    bytes += Number(size);
    count++;
    if (bytes >= maxBytes) break;
  }
  return count;
}
