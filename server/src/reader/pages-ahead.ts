import { atMost } from "./read-stream.js";

/** A page of a log, and where it ended. */
export interface PlacedPage<Place> {
  readonly events: readonly unknown[];
  readonly scannedTo: Place;
  readonly atEnd: boolean;
}

/** How far ahead to read, and from where. */
export interface PagesAheadOptions<Place> {
  /** Exclusive. */
  readonly from: Place;
  /** Events of a page at most. */
  readonly pageEvents: number;
  /** Most events of all pages; undefined: no such limit. */
  readonly limit: bigint | undefined;
  /** Most pages that wait behind the one that is asked for. */
  readonly pagesAhead: number;
  /** Where a page that is full will end; undefined where nobody can know. */
  readonly endOfFull: (from: Place, events: number) => Place | undefined;
}

interface Reading<Place, Page> {
  readonly from: Place;
  readonly maxEvents: number;
  readonly page: Promise<Page>;
  /** The page, once it is there. */
  came: Page | undefined;
}

/** So many full pages in a row say that the next one will be full, too. */
const fullEnough = 2;

/**
 * Pages of a log, one behind the other, read ahead of who takes them. The page behind one is asked for when that is
 * there and says where it ended. Where pages come full, where the next will end is known before: it is read at
 * the same time. Should it end before that, what was read behind it is forgotten.
 */
export class PagesAhead<Place, Page extends PlacedPage<Place>> {
  /** The page to be taken next, and those behind it. */
  readonly #readings: Reading<Place, Page>[] = [];
  #place: Place;
  #left: bigint | undefined;
  #fullInRow = 0;

  constructor(
    private readonly read: (from: Place, maxEvents: number) => Promise<Page>,
    private readonly options: PagesAheadOptions<Place>,
  ) {
    this.#place = options.from;
    this.#left = options.limit;
  }

  /** The page behind the last one; behind one that was at the end, what has come since. Undefined: the limit is met. */
  async next(): Promise<Page | undefined> {
    if (this.#left === 0n) return undefined;
    if (this.#readings.length === 0) this.#ask(this.#place);
    this.#askAhead();
    const [reading] = this.#readings as [Reading<Place, Page>];
    const page = await reading.page;
    this.#readings.shift();
    this.#place = page.scannedTo;
    if (this.#left !== undefined) this.#left -= BigInt(page.events.length);
    this.#fullInRow = this.#endOfFull(reading) === page.scannedTo ? this.#fullInRow + 1 : 0;
    return page;
  }

  #ask(from: Place): void {
    const maxEvents = atMost(this.options.pageEvents, this.#unasked());
    const page = this.read(from, maxEvents).then((came) => {
      reading.came = came;
      this.#forgetWrong();
      this.#askAhead();
      return came;
    });
    page.catch(() => undefined); // told when it is awaited, unless the reader leaves before
    const reading: Reading<Place, Page> = { from, maxEvents, page, came: undefined };
    this.#readings.push(reading);
  }

  #askAhead(): void {
    while (this.#readings.length <= this.options.pagesAhead) {
      const last = this.#readings.at(-1);
      const from = last && this.#endOf(last);
      const unasked = this.#unasked();
      if (from === undefined || (unasked !== undefined && unasked <= 0n)) return;
      this.#ask(from);
    }
  }

  /** Where a page ends, or will; undefined: it is not known, or there is nothing behind it. */
  #endOf(reading: Reading<Place, Page>): Place | undefined {
    if (reading.came) return reading.came.atEnd ? undefined : reading.came.scannedTo;
    return this.#fullInRow >= fullEnough ? this.#endOfFull(reading) : undefined;
  }

  #endOfFull({ from, maxEvents }: Reading<Place, Page>): Place | undefined {
    return this.options.endOfFull(from, maxEvents);
  }

  /** Of the limit: what no page was asked for yet. */
  #unasked(): bigint | undefined {
    if (this.#left === undefined) return undefined;
    const asked = this.#readings.reduce(
      (sum, { came, maxEvents }) => sum + (came?.events.length ?? maxEvents),
      0,
    );
    return this.#left - BigInt(asked);
  }

  /** What was read from where the page before it did not end. */
  #forgetWrong(): void {
    const wrong = this.#readings.findIndex(({ from }, i) => {
      const before = this.#readings[i - 1]?.came;
      return before !== undefined && before.scannedTo !== from;
    });
    if (wrong === -1) return;
    this.#readings.length = wrong;
    this.#fullInRow = 0;
  }
}
