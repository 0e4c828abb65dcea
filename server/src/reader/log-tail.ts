import type { RecordedEvent } from "../domain/event.js";
import { throwIfAborted } from "../domain/abort.js";
import { PageBuilder } from "../store/page-builder.js";
import type { PageBounds } from "../store/store.js";
import { Deque } from "./deque.js";

/** Which events a follower wants; undefined: all. */
export type Pick = ((event: RecordedEvent) => boolean) | undefined;

/** Events of a log in order, and the place up to which it was looked at. */
export interface ScannedEvents {
  readonly events: readonly RecordedEvent[];
  readonly scannedTo: bigint;
}

/** How long to wait for the next event. */
export interface Wait {
  /** Wake when so far has been scanned, whether or not anything was picked. */
  readonly until: bigint;
  /** Wake after this time, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

interface Waiter {
  readonly pick: Pick;
  readonly until: bigint;
  scannedTo: bigint;
  readonly wake: () => void;
}

/**
 * The newest events of one log, whose places are 1, 2, 3 ..., and those who wait for the next. What
 * its followers share is made once: the same page for all who stand at the same place.
 */
export class LogTail {
  /** The one at index i is at place #first + i. */
  readonly #events = new Deque<RecordedEvent>();
  /** Undefined until the first event comes: what is before it is not here. */
  #first: bigint | undefined;
  readonly #waiters = new Set<Waiter>();
  #pages = new Map<bigint, ScannedEvents>();

  constructor(
    private readonly placeOf: (event: RecordedEvent) => bigint,
    private readonly bounds: PageBounds,
  ) {}

  /** Place of the newest event; undefined before there is one. */
  get newest(): bigint | undefined {
    return this.#first === undefined ? undefined : this.#first + BigInt(this.#events.length) - 1n;
  }

  /** How many wait for an event to come. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Adds the next event. Who waits for it is woken by `takeWakers`. */
  push(event: RecordedEvent): void {
    const place = this.placeOf(event);
    const last = this.newest;
    if (last === undefined || place !== last + 1n) this.#startAt(place);
    this.#events.push(event);
    if (this.#pages.size > 0) this.#pages = new Map();
  }

  /** What wakes those for whom something has come since they were last offered what is here. To be called once each. */
  takeWakers(): readonly (() => void)[] {
    const wakers: (() => void)[] = [];
    for (const waiter of this.#waiters) {
      if (!this.#concerns(waiter)) continue;
      this.#waiters.delete(waiter);
      wakers.push(waiter.wake);
    }
    return wakers;
  }

  /** Lets go of everything up to a place. */
  drop(place: bigint): void {
    if (this.#first === undefined || place < this.#first) return;
    for (; this.#first <= place; this.#first++) this.#events.shift();
    if (this.#pages.size > 0) this.#pages = new Map();
  }

  /** Whether what comes after a place is here no longer: it must be read from the store. */
  isGone(place: bigint): boolean {
    return this.#first !== undefined && place + 1n < this.#first;
  }

  /** What is here after a place, a page of it; no events and the same place when there is nothing yet. */
  after(place: bigint, pick: Pick, maxEvents: number): ScannedEvents {
    const shared = pick === undefined && maxEvents >= this.bounds.maxEvents;
    const known = shared ? this.#pages.get(place) : undefined;
    if (known) return known;
    const page = this.#scan(place, pick, maxEvents);
    if (shared) this.#pages.set(place, page);
    return page;
  }

  /**
   * Waits until an event comes that is picked; meanwhile the others are looked at as they come.
   *
   * @returns the place up to which nothing was picked
   * @throws AnnalsError when aborted
   */
  async next(place: bigint, pick: Pick, { until, timeoutMs, signal }: Wait): Promise<bigint> {
    throwIfAborted(signal);
    let timer: NodeJS.Timeout | undefined;
    let wake = (): void => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const waiter: Waiter = { pick, until, scannedTo: place, wake };
    try {
      if (!this.#concerns(waiter)) {
        this.#waiters.add(waiter);
        timer = setTimeout(wake, timeoutMs);
        signal.addEventListener("abort", wake);
        await woken;
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      this.#waiters.delete(waiter);
    }
    throwIfAborted(signal);
    return waiter.scannedTo;
  }

  /** Looks at what has come since; whether there is a reason to wake. */
  #concerns(waiter: Waiter): boolean {
    const last = this.newest;
    if (last === undefined) return false;
    if (this.isGone(waiter.scannedTo)) return true;
    while (waiter.scannedTo < last) {
      const event = this.#at(waiter.scannedTo + 1n);
      if (!event || !waiter.pick || waiter.pick(event)) return true;
      waiter.scannedTo++;
    }
    return waiter.scannedTo >= waiter.until;
  }

  /** What is here begins anew: followers that stand before it read the store. */
  #startAt(place: bigint): void {
    this.#events.clear();
    this.#first = place;
  }

  #scan(place: bigint, pick: Pick, maxEvents: number): ScannedEvents {
    const last = this.newest ?? place;
    const page = new PageBuilder({ ...this.bounds, maxEvents });
    let scannedTo = place;
    while (scannedTo < last && !page.full) {
      const event = this.#at(scannedTo + 1n);
      if (!event) break;
      if (!pick || pick(event)) page.add(event);
      scannedTo++;
    }
    return { events: page.events, scannedTo };
  }

  #at(place: bigint): RecordedEvent | undefined {
    return this.#first === undefined ? undefined : this.#events.at(Number(place - this.#first));
  }
}
