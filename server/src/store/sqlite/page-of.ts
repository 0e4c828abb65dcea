import type { PageBounds } from "../store.js";
import { type EventRow, sizeOfRow } from "./row.js";

/** Takes rows until a bound is reached. `full` says that there may be more. */
export function pageOf(
  rows: Iterable<unknown>,
  bounds: PageBounds,
): { readonly rows: EventRow[]; readonly full: boolean } {
  const page: EventRow[] = [];
  let bytes = 0;
  for (const row of rows as Iterable<EventRow>) {
    page.push(row);
    bytes += sizeOfRow(row);
    if (page.length >= bounds.maxEvents || bytes >= bounds.maxBytes) {
      return { rows: page, full: true };
    }
  }
  return { rows: page, full: false };
}
