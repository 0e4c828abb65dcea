import type { RecordedEvent } from "../../domain/event.js";
import { PageBuilder } from "../page-builder.js";
import type { PageBounds } from "../store.js";
import { eventColumns, type EventRow, toRecordedEvent } from "./row.js";

/**
 * Bounds a query to a page where the rows are, not after they came: an event comes if those before
 * it, in the page's order, are within the bytes. Rows come for a full page or more, so an event must
 * never count for more than sizeOfEvent says: its data, and what is surely in its metadata.
 *
 * @param from table and conditions
 * @param order column and direction
 * @param maxEvents name of the parameter that holds it
 * @param maxBytes name of the parameter that holds it
 */
export function pageSql(from: string, order: string, maxEvents: string, maxBytes: string): string {
  return `
    SELECT ${eventColumns} FROM (
      SELECT *, sum(${bytes}) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - ${bytes}
        AS bytes_before
      FROM ${from} ORDER BY ${order} LIMIT ${maxEvents}
    ) AS page WHERE bytes_before < ${maxBytes}`;
}

/**
 * At least this large. jsonb takes 8 bytes beside each key and value, and 3 for some characters that
 * sizeOfEvent counts once; as text it takes up to 6 for one: an eighth is within both. Where it is
 * compressed its own size tells nothing: a kilobyte can hold a hundred.
 */
const bytes = `(octet_length(data) + CASE WHEN pg_column_compression(metadata) IS NULL
  THEN pg_column_size(metadata) ELSE octet_length(metadata::text) END / 8)`;

/** Takes rows until a bound is reached. `full` says that there may be more. */
export function pageOf(
  rows: readonly EventRow[],
  bounds: PageBounds,
): { readonly events: readonly RecordedEvent[]; readonly full: boolean } {
  const page = new PageBuilder(bounds);
  for (const row of rows) {
    page.add(toRecordedEvent(row));
    if (page.full) return { events: page.events, full: true };
  }
  return { events: page.events, full: false };
}
