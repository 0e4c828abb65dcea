import { throwIfAborted } from "../domain/abort.js";
import type { RecordedEvent } from "../domain/event.js";
import { sizeOfPage } from "../domain/event-frame.js";
import { isPlain, lastPlace } from "../store/log-range.js";
import type {
  LogPage,
  LogQuery,
  ReadOptions,
  Store,
  WholeLogPage,
  WholeLogQuery,
} from "../store/store.js";

/** Bounds of the cache. */
export interface PageCacheOptions {
  /** Most bytes of events that are kept, counted by sizeOfPage. */
  readonly maxBytes: number;
  /** Events of a page at most. Pages begin at multiples of it, so that readers meet in them. */
  readonly pageEvents: number;
  /** Told of every page that may be kept: whether it was, or had to be read. */
  readonly onPage?: ((result: "kept" | "read") => void) | undefined;
}

interface Page {
  readonly events: readonly RecordedEvent[];
  readonly atEnd: boolean;
}

/**
 * Full pages of logs, read from the store once for all who read forwards without a filter. What is
 * in a log never changes, so a full page is right for ever; the least recently used goes first.
 */
export class PageCache {
  readonly #pages = new Map<string, { readonly page: Page; readonly bytes: number }>();
  readonly #loading = new Map<string, Promise<Page>>();
  #bytes = 0;

  constructor(
    private readonly store: Store,
    private readonly options: PageCacheOptions,
  ) {}

  /** What is kept now, counted by sizeOfPage. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Like Store.readLog. A page may hold fewer events than there is room for. */
  async readLog(query: LogQuery, options?: ReadOptions): Promise<LogPage> {
    const maxEvents = this.#room(query.from);
    if (!isPlain(query) || query.maxEvents < maxEvents) return this.store.readLog(query, options);
    const key = `${query.tenantId} ${query.from} ${query.maxBytes}`;
    const page = await this.#read(key, maxEvents, () =>
      this.store.readLog({ ...query, to: lastPlace, maxEvents }),
    );
    throwIfAborted(options?.signal);
    if (!page || page.scannedTo > query.to) return this.store.readLog(query, options);
    return { ...page, atEnd: page.scannedTo === query.to || isShort(page, maxEvents) };
  }

  /** Like Store.readWholeLog. */
  async readWholeLog(query: WholeLogQuery, options?: ReadOptions): Promise<WholeLogPage> {
    const { store } = this;
    const from = store.placeOf(query.from);
    const maxEvents = this.#room(from);
    if (!isPlain(query) || query.maxEvents < maxEvents) return store.readWholeLog(query, options);
    const key = `* ${from} ${query.maxBytes}`;
    const page = await this.#read(key, maxEvents, () =>
      store.readWholeLog({ ...query, to: "", maxEvents }),
    );
    throwIfAborted(options?.signal);
    const to = query.to === "" ? lastPlace : store.placeOf(query.to);
    const scannedTo = page ? store.placeOf(page.scannedTo) : lastPlace;
    if (!page || scannedTo > to) return store.readWholeLog(query, options);
    return { ...page, atEnd: scannedTo === to || isShort(page, maxEvents) };
  }

  /** Events up to where the next page begins. */
  #room(from: bigint): number {
    const { pageEvents } = this.options;
    return pageEvents - Number(from % BigInt(pageEvents));
  }

  /**
   * A page that is kept, or loaded now. Undefined when another reader was loading it and it came
   * short: the log may have grown since that one asked.
   */
  async #read<P extends Page>(
    key: string,
    maxEvents: number,
    load: () => Promise<P>,
  ): Promise<P | undefined> {
    const known = this.#pages.get(key);
    this.options.onPage?.(known ? "kept" : "read");
    if (known) {
      this.#pages.delete(key);
      this.#pages.set(key, known);
      return known.page as P;
    }
    const others = this.#loading.get(key) as Promise<P> | undefined;
    if (others) {
      const page = await others;
      return isShort(page, maxEvents) ? undefined : page;
    }
    const loading = load().finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    const page = await loading;
    if (!isShort(page, maxEvents)) this.#keep(key, page);
    return page;
  }

  #keep(key: string, page: Page): void {
    if (this.#pages.has(key)) return;
    const bytes = sizeOfPage(page.events);
    this.#pages.set(key, { page, bytes });
    this.#bytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#pages) {
      if (this.#bytes <= this.options.maxBytes) return;
      this.#pages.delete(oldest);
      this.#bytes -= freed;
    }
  }
}

/** Whether a page ended where the log did, before it was full. */
function isShort({ events, atEnd }: Page, maxEvents: number): boolean {
  return atEnd && events.length < maxEvents;
}
