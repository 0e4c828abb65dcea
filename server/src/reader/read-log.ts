import { throwIfAborted } from "../domain/abort.js";
import type {
  PageBounds,
  LogPage,
  LogQuery,
  Store,
  WholeLogPage,
  WholeLogQuery,
} from "../store/store.js";
import { atMost } from "./read-stream.js";

/** What reads a page of a log: a store, or the pages kept of it. */
export type LogReader = Pick<Store, "readLog" | "readWholeLog">;

/** Which part of a tenant's log. */
export type LogRange = Omit<LogQuery, keyof PageBounds> & {
  /** Most events; undefined: all. */
  readonly limit: bigint | undefined;
};

/** Which part of the whole log. */
export type WholeLogRange = Omit<WholeLogQuery, keyof PageBounds> & {
  /** Most events; undefined: all. */
  readonly limit: bigint | undefined;
};

/**
 * A tenant's log in pages, one of them read ahead of who takes them. A page may hold no event: it
 * then says how far the log was scanned. The last one has atEnd, unless the limit is met.
 */
export function readLogPages(
  log: LogReader,
  range: LogRange,
  bounds: PageBounds,
  signal?: AbortSignal,
): AsyncGenerator<LogPage, void, undefined> {
  return readPages(range, bounds, (query) => log.readLog(query, signal && { signal }), signal);
}

/** The whole log in pages; like readLogPages. */
export function readWholeLogPages(
  log: LogReader,
  range: WholeLogRange,
  bounds: PageBounds,
  signal?: AbortSignal,
): AsyncGenerator<WholeLogPage, void, undefined> {
  return readPages(range, bounds, (query) => log.readWholeLog(query, signal && { signal }), signal);
}

async function* readPages<
  From,
  Range extends { readonly from: From; readonly limit: bigint | undefined },
  Page extends {
    readonly events: readonly unknown[];
    readonly scannedTo: From;
    readonly atEnd: boolean;
  },
>(
  range: Range,
  bounds: PageBounds,
  readPage: (query: Range & PageBounds) => Promise<Page>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Page, void, undefined> {
  let left = range.limit;
  const readFrom = (from: From): Promise<Page> => {
    const maxEvents = atMost(bounds.maxEvents, left);
    return readPage({ ...range, from, maxEvents, maxBytes: bounds.maxBytes });
  };
  let reading: Promise<Page> | undefined = left === 0n ? undefined : readFrom(range.from);
  while (reading) {
    throwIfAborted(signal);
    const page: Page = await reading;
    if (left !== undefined) left -= BigInt(page.events.length);
    reading = page.atEnd || left === 0n ? undefined : readFrom(page.scannedTo);
    reading?.catch(() => undefined); // told when it is awaited, unless the reader leaves before
    yield page;
  }
}
