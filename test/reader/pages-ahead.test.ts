import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PagesAhead, type PagesAheadOptions } from "#server/reader/pages-ahead.js";

interface NumberPage {
  readonly events: readonly bigint[];
  readonly scannedTo: bigint;
  readonly atEnd: boolean;
}

/** A log of so many numbers, whose reads take as many turns of the event loop as they are told. */
class FakeLog {
  reads = 0;
  atOnce = 0;
  mostAtOnce = 0;

  constructor(
    public length: number,
    private readonly roomAt: (from: bigint) => number = () => Infinity,
    private readonly turns: () => number = () => 1,
  ) {}

  readonly read = async (from: bigint, maxEvents: number): Promise<NumberPage> => {
    this.reads++;
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce);
    for (let i = this.turns(); i > 0; i--) await setImmediate();
    this.atOnce--;
    const left = Math.max(0, this.length - Number(from));
    const count = Math.min(left, maxEvents, this.roomAt(from));
    const events = Array.from({ length: count }, (_, i) => from + BigInt(i) + 1n);
    const scannedTo = from + BigInt(count);
    return { events, scannedTo, atEnd: count === left };
  };
}

const options: PagesAheadOptions<bigint> = {
  ...{ from: 0n, pageEvents: 10, limit: undefined, pagesAhead: 2 },
  endOfFull: (from, events) => from + BigInt(events),
};

/** Up to the end of the log, or the limit. */
async function readToEnd(pages: PagesAhead<bigint, NumberPage>): Promise<NumberPage[]> {
  const read: NumberPage[] = [];
  for (;;) {
    const page = await pages.next();
    if (page) read.push(page);
    if (page?.atEnd !== false) return read;
  }
}

test("every event comes once and in order, wherever pages end and whichever read is first", async () => {
  const anyLimit = fc.option(fc.bigInt({ min: 0n, max: 300n }), { nil: undefined });
  const property = fc.asyncProperty(
    fc.nat(300),
    fc.array(fc.constantFrom(1, 3, 10, 10, 10, 10), { minLength: 1, maxLength: 40 }),
    fc.array(fc.nat(4), { minLength: 1, maxLength: 20 }),
    anyLimit,
    fc.constantFrom(0, 1, 2, 5),
    async (length, rooms, delays, limit, pagesAhead) => {
      let turn = 0;
      const log = new FakeLog(
        length,
        (from) => rooms[Number(from / 10n) % rooms.length] ?? 1,
        () => delays[turn++ % delays.length] ?? 0,
      );
      const pages = await readToEnd(new PagesAhead(log.read, { ...options, limit, pagesAhead }));
      const wanted = limit === undefined ? length : Math.min(length, Number(limit));
      const events = pages.flatMap((page) => page.events);
      expect(events).toEqual(Array.from({ length: wanted }, (_, i) => BigInt(i + 1)));
      expect(log.mostAtOnce).toBeLessThanOrEqual(2 * (pagesAhead + 1)); // with those that are forgotten
    },
  );
  await fc.assert(property, { numRuns: 300 });
});

test("full pages are read at the same time, and none in vain but at the end", async () => {
  const log = new FakeLog(1_000);
  await readToEnd(new PagesAhead(log.read, options));
  expect(log.mostAtOnce).toBe(3);
  expect(log.reads).toBeLessThanOrEqual(100 + options.pagesAhead);
});

test("where pages end before they are full, one is read after the other, and none in vain", async () => {
  const log = new FakeLog(1_000, () => 4);
  await readToEnd(new PagesAhead(log.read, options));
  expect(log.reads).toBe(250);
  expect(log.mostAtOnce).toBe(1);
});

test("no more is asked for than the limit", async () => {
  const asked: number[] = [];
  const log = new FakeLog(1_000);
  const read = (from: bigint, maxEvents: number): Promise<NumberPage> => {
    asked.push(Number(from) + maxEvents);
    return log.read(from, maxEvents);
  };
  const pages = await readToEnd(new PagesAhead(read, { ...options, limit: 95n }));
  expect(pages.flatMap((page) => page.events)).toHaveLength(95);
  expect(Math.max(...asked)).toBe(95);
});

test("behind the end comes what was appended since", async () => {
  const log = new FakeLog(25);
  const pages = new PagesAhead(log.read, options);
  await readToEnd(pages);
  log.length = 27;
  expect(await pages.next()).toEqual({ events: [26n, 27n], scannedTo: 27n, atEnd: true });
  expect((await pages.next())?.events).toEqual([]);
});

test("a read ahead that fails is told when it is asked for, and not before", async () => {
  const log = new FakeLog(1_000);
  const read = async (from: bigint, maxEvents: number): Promise<NumberPage> => {
    if (from === 40n) throw new Error("gone");
    return log.read(from, maxEvents);
  };
  const pages = new PagesAhead(read, options);
  for (let i = 0; i < 4; i++) expect((await pages.next())?.events).toHaveLength(10);
  await expect(pages.next()).rejects.toThrow("gone");
});
