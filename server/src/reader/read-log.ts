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
 * A tenant's log in pages, two of them read ahead of who takes them. A page may hold no event: it
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

const pagesAhead = 2;

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
  const readFrom = async (from: From): Promise<Page | undefined> => {
    if (left === 0n) return undefined;
    throwIfAborted(signal);
    const maxEvents = atMost(bounds.maxEvents, left);
    const page = await readPage({ ...range, from, maxEvents, maxBytes: bounds.maxBytes });
    if (left !== undefined) left -= BigInt(page.events.length);
    return page;
  };
  let newest = readFrom(range.from);
  const reading = [newest];
  for (;;) {
    // The page behind one is asked for as soon as that is there.
    while (reading.length <= pagesAhead) {
      newest = newest.then((page) =>
        page?.atEnd === false ? readFrom(page.scannedTo) : undefined,
      );
      newest.catch(() => undefined); // told when it is awaited, unless the reader leaves before
      reading.push(newest);
    }
    throwIfAborted(signal);
    const page = await reading.shift();
    if (!page) return;
    yield page;
  }
}
