import { throwIfAborted } from "../domain/abort.js";
import { isPlain, lastPlace } from "../store/log-range.js";
import type {
  PageBounds,
  LogPage,
  LogQuery,
  Store,
  WholeLogPage,
  WholeLogQuery,
} from "../store/store.js";
import { PagesAhead, type PagesAheadOptions, type PlacedPage } from "./pages-ahead.js";

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

/** Pages that wait for who takes them, behind the one that is taken next. */
const pagesAhead = 2;

/**
 * A tenant's log in pages, read ahead of who takes them. A page may hold no event: it then says how
 * far the log was scanned. The last one has atEnd, unless the limit is met.
 */
export function readLogPages(
  log: LogReader,
  range: LogRange,
  bounds: PageBounds,
  signal?: AbortSignal,
): AsyncGenerator<LogPage, void, undefined> {
  const { maxBytes } = bounds;
  const read = (from: bigint, maxEvents: number): Promise<LogPage> =>
    log.readLog({ ...range, from, maxEvents, maxBytes }, signal && { signal });
  const endOfFull = (from: bigint, events: number): bigint | undefined => {
    const end = from + BigInt(events);
    return isPlain(range) && end < range.to ? end : undefined;
  };
  const ahead = { from: range.from, limit: range.limit, pagesAhead, endOfFull };
  return readPages(read, { ...ahead, pageEvents: bounds.maxEvents }, signal);
}

/** The whole log in pages; like readLogPages. @param places of its cursors */
export function readWholeLogPages(
  log: LogReader,
  places: Pick<Store, "cursorOf" | "placeOf">,
  range: WholeLogRange,
  bounds: PageBounds,
  signal?: AbortSignal,
): AsyncGenerator<WholeLogPage, void, undefined> {
  const { maxBytes } = bounds;
  const read = (from: string, maxEvents: number): Promise<WholeLogPage> =>
    log.readWholeLog({ ...range, from, maxEvents, maxBytes }, signal && { signal });
  const to = range.to === "" ? lastPlace : places.placeOf(range.to);
  const endOfFull = (from: string, events: number): string | undefined => {
    if (!isPlain(range)) return undefined;
    const end = places.placeOf(from) + BigInt(events);
    return end < to ? places.cursorOf(end) : undefined;
  };
  const ahead = { from: range.from, limit: range.limit, pagesAhead, endOfFull };
  return readPages(read, { ...ahead, pageEvents: bounds.maxEvents }, signal);
}

async function* readPages<Place, Page extends PlacedPage<Place>>(
  read: (from: Place, maxEvents: number) => Promise<Page>,
  options: PagesAheadOptions<Place>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Page, void, undefined> {
  const pages = new PagesAhead(read, options);
  for (;;) {
    throwIfAborted(signal);
    const page = await pages.next();
    if (!page) return;
    yield page;
    if (page.atEnd) return;
  }
}
