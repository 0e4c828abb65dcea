import type { RecordedEvent } from "../../domain/event.js";
import { PageBuilder } from "../page-builder.js";
import type { PageBounds } from "../store.js";
import { eventColumns, type EventRow, toRecordedEvent } from "./row.js";

/**
 * Bounds a query to a page where the rows are, not after they came: an event comes if the data of
 * those before it, in the page's order, is within the bytes. So rows come for a full page or more.
 *
 * @param from table and conditions
 * @param order column and direction
 * @param maxEvents name of the parameter that holds it
 * @param maxBytes name of the parameter that holds it
 */
export function pageSql(from: string, order: string, maxEvents: string, maxBytes: string): string {
  return `
    SELECT ${eventColumns} FROM (
      SELECT *, sum(octet_length(data)) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING)
        - octet_length(data) AS bytes_before
      FROM ${from} ORDER BY ${order} LIMIT ${maxEvents}
    ) AS page WHERE bytes_before < ${maxBytes}`;
}

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
