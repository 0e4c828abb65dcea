import { setTimeout } from "node:timers/promises";
import { type RecordedEvent, sizeOfEvent } from "../domain/event.js";
import { detachEvent } from "../domain/event-frame.js";
import { noFilter } from "../domain/filter.js";
import type { TenantId } from "../domain/tenant.js";
import type { PageBounds, Store } from "../store/store.js";
import { Deque } from "./deque.js";
import { FanOut } from "./fan-out.js";
import { LogTail } from "./log-tail.js";

/** Bounds of the tail. */
export interface TailOptions {
  /** Most bytes of events kept for all followers together, counted by sizeOfEvent. */
  readonly maxBytes: number;
  /** Bounds of the pages that live events are handed out in. */
  readonly pages: PageBounds;
  /** Told when the store cannot be read; the tail tries again. */
  readonly onStoreError: (error: unknown) => void;
}

/** A log that is followed: its tail, until it is let go. */
export interface FollowedTail {
  readonly tail: LogTail;
  /** Idempotent. */
  readonly release: () => void;
}

/** Before the store is read again after it failed, in milliseconds. */
const retryMs = 500;

/**
 * One reader of the whole log for all who follow live. It runs only while somebody does, and keeps
 * the newest events of the logs that are followed, up to a bound of bytes, the oldest going first.
 */
export class Tail {
  readonly #tenants = new Map<TenantId, Followed>();
  #whole: Followed | undefined;
  /** All that the logs' tails hold, in global order. */
  readonly #kept = new Deque<RecordedEvent>();
  #bytes = 0;
  readonly #fanOut = new FanOut();
  #run: Run | undefined;

  constructor(
    private readonly store: Store,
    private readonly options: TailOptions,
  ) {}

  /** What is kept now, counted by sizeOfEvent. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The tail of a tenant's log, or with no tenant of the whole log. Every event that is committed
   * after it resolves will come to it.
   *
   * @throws AnnalsError unavailable when the store cannot tell where the log ends
   */
  async follow(tenantId: TenantId | undefined): Promise<FollowedTail> {
    const followed = this.#take(tenantId);
    followed.count++;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      this.#letGo(tenantId, followed);
    };
    try {
      await (this.#run ??= this.#start()).ready;
    } catch (error) {
      release();
      throw error;
    }
    return { tail: followed.tail, release };
  }

  #take(tenantId: TenantId | undefined): Followed {
    const { pages } = this.options;
    if (tenantId === undefined) {
      return (this.#whole ??= {
        tail: new LogTail((event) => event.globalPosition, pages),
        count: 0,
      });
    }
    let followed = this.#tenants.get(tenantId);
    if (!followed) {
      followed = { tail: new LogTail((event) => event.position, pages), count: 0 };
      this.#tenants.set(tenantId, followed);
    }
    return followed;
  }

  #letGo(tenantId: TenantId | undefined, followed: Followed): void {
    if (--followed.count > 0) return;
    if (tenantId === undefined) this.#whole = undefined;
    else this.#tenants.delete(tenantId);
    if (this.#whole || this.#tenants.size > 0) return;
    this.#run?.stop();
    this.#run = undefined;
    this.#kept.clear();
    this.#bytes = 0;
  }

  #start(): Run {
    const stopped = new AbortController();
    const growth = new Growth();
    const unwatch = this.store.watch(() => {
      growth.tell();
    });
    const stop = (): void => {
      stopped.abort();
      unwatch();
      growth.tell();
    };
    const head = this.store.getWholeHead();
    const run: Run = {
      ready: head.then(
        () => undefined,
        (error: unknown) => {
          stop();
          if (this.#run === run) this.#run = undefined;
          throw error;
        },
      ),
      stop,
    };
    void head.then(
      ({ cursor }) => this.#read(cursor, growth, stopped.signal),
      () => undefined,
    );
    return run;
  }

  async #read(start: string, growth: Growth, stopped: AbortSignal): Promise<void> {
    let cursor = start;
    while (!stopped.aborted) {
      try {
        const page = await this.store.readWholeLog({
          direction: "forwards",
          from: cursor,
          to: "",
          filter: noFilter,
          ...this.options.pages,
        });
        if (isStopped(stopped)) return;
        cursor = page.scannedTo;
        if (page.events.length > 0) await this.#handOut(page.events);
        if (page.atEnd) await growth.next();
      } catch (error) {
        if (isStopped(stopped)) return; // Nobody waits for it; the store may be closed by now.
        this.options.onStoreError(error);
        await setTimeout(retryMs);
      }
    }
  }

  /** Gives events to the logs they belong to, and to their followers the time to take them. */
  async #handOut(events: readonly RecordedEvent[]): Promise<void> {
    const concerned = new Set<LogTail>();
    const whole = this.#whole?.tail;
    const followed = whole ? events : events.filter((event) => this.#tenants.has(event.tenantId));
    // One event would hold the whole page in memory: of a page that is kept in part, copies are.
    const isPart = followed.length < events.length;
    for (const event of followed) {
      const kept = isPart ? detachEvent(event) : event;
      for (const tail of [this.#tenants.get(event.tenantId)?.tail, whole]) {
        if (!tail) continue;
        tail.push(kept);
        concerned.add(tail);
      }
      this.#keep(kept);
    }
    await this.#fanOut.wake(concerned);
  }

  #keep(event: RecordedEvent): void {
    this.#kept.push(event);
    this.#bytes += sizeOfEvent(event);
    while (this.#bytes > this.options.maxBytes && this.#kept.length > 1) this.#drop();
  }

  #drop(): void {
    const event = this.#kept.shift();
    if (!event) return;
    this.#bytes -= sizeOfEvent(event);
    this.#tenants.get(event.tenantId)?.tail.drop(event.position);
    this.#whole?.tail.drop(event.globalPosition);
  }
}

interface Followed {
  readonly tail: LogTail;
  count: number;
}

/** One stretch of reading, from the first follower to the last. */
interface Run {
  readonly ready: Promise<void>;
  readonly stop: () => void;
}

/** Remembers that the log may have grown until somebody asks. */
class Growth {
  #grown = false;
  #wake: (() => void) | undefined;

  tell(): void {
    this.#grown = true;
    this.#wake?.();
  }

  async next(): Promise<void> {
    if (!this.#grown) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    this.#grown = false;
  }
}

function isStopped(signal: AbortSignal): boolean {
  return signal.aborted;
}
