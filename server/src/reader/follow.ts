import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../domain/abort.js";
import type { RecordedEvent } from "../domain/event.js";
import type { LogTail, Pick, ScannedEvents } from "./log-tail.js";
import { PagesAhead } from "./pages-ahead.js";
import { atMost } from "./read-stream.js";

/** What a follower is told. Places are those of its log. */
export type FollowStep =
  | ({ readonly kind: "page" } & ScannedEvents)
  | { readonly kind: "checkpoint"; readonly scannedTo: bigint }
  | { readonly kind: "caught_up"; readonly scannedTo: bigint }
  | { readonly kind: "fell_behind"; readonly scannedTo: bigint };

/** When a follower for whom nothing matches is told how far it has come. */
export interface CheckpointOptions {
  /** After so many places scanned. */
  readonly everyPlaces: bigint;
  /** After so long, in milliseconds, if anything was scanned. */
  readonly everyMs: number;
}

/** What to follow. */
export interface FollowOptions {
  readonly tail: LogTail;
  /** Reads the store on from a place; atEnd: there was no more when it was read. */
  readonly readOn: (
    place: bigint,
    maxEvents: number,
  ) => Promise<ScannedEvents & { readonly atEnd: boolean }>;
  /** The same events as readOn picks, of those that come live. */
  readonly pick: Pick;
  readonly placeOf: (event: RecordedEvent) => bigint;
  /** Exclusive. */
  readonly from: bigint;
  /** Most events; undefined: without end. */
  readonly limit: bigint | undefined;
  readonly maxPageEvents: number;
  readonly checkpoints: CheckpointOptions;
  /** Told whether the follower has all that there is, and waits for more. */
  readonly progress: { waiting: boolean };
  readonly signal: AbortSignal;
}

/** Pages read while one is sent. */
const pagesAhead = 1;

/**
 * A log from a place on, and then live: what the store holds, "caught_up" once, then what comes. The
 * tail was there before the store is read, so at the hand-over nothing is missed; and a place is
 * never gone back from, so nothing comes twice. A reader too slow for the tail reads the store again.
 */
export async function* follow(options: FollowOptions): AsyncGenerator<FollowStep, void, undefined> {
  const { tail, pick, limit, signal, maxPageEvents, checkpoints, progress } = options;
  let place = options.from;
  let left = limit;
  let told = { place, at: Date.now() };
  const isDue = (): boolean =>
    place - told.place >= checkpoints.everyPlaces ||
    (place > told.place && Date.now() - told.at >= checkpoints.everyMs);
  const tell = (kind: "checkpoint" | "caught_up" | "fell_behind"): FollowStep => {
    told = { place, at: Date.now() };
    return { kind, scannedTo: place };
  };

  for (;;) {
    let atEnd = false;
    const pages = new PagesAhead(options.readOn, {
      ...{ from: place, limit: left, pageEvents: maxPageEvents, pagesAhead },
      endOfFull: (from, events) => (pick === undefined ? from + BigInt(events) : undefined),
    });
    while (!atEnd || tail.isGone(place)) {
      throwIfAborted(signal);
      const page = await pages.next();
      if (!page) return;
      ({ scannedTo: place, atEnd } = page);
      yield* pageOf(page);
      if (left === 0n) return;
      if (isDue()) yield tell("checkpoint");
      // What the tail has let go the store does not tell yet: nothing else may starve by asking again.
      if (atEnd && tail.isGone(place)) await setImmediate();
    }
    yield tell("caught_up");

    while (!tail.isGone(place)) {
      const page = tail.after(place, pick, atMost(maxPageEvents, left));
      place = page.scannedTo;
      yield* pageOf(page);
      if (left === 0n) return;
      if (isDue()) yield tell("checkpoint");
      if (page.events.length > 0) continue;
      const until = told.place + checkpoints.everyPlaces;
      progress.waiting = true;
      place = await tail.next(place, pick, { until, timeoutMs: checkpoints.everyMs, signal });
      progress.waiting = false;
    }
    yield tell("fell_behind");
  }

  function* pageOf({ events, scannedTo }: ScannedEvents): Generator<FollowStep, void, undefined> {
    const last = events.at(-1);
    if (!last) return;
    told = { place: options.placeOf(last), at: Date.now() };
    if (left !== undefined) left -= BigInt(events.length);
    yield { kind: "page", events, scannedTo };
  }
}
