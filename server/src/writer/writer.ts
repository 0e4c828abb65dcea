import type { Abandonment } from "../domain/abort.js";
import type { Clock } from "../domain/instant.js";
import type { AppendIntent, AppendOutcome, Store } from "../store/store.js";
import { Lane } from "./lane.js";

/** Bounds of the writer, per lane. */
export interface WriterOptions {
  /** Most appends that wait. */
  readonly maxQueuedAppends: number;
  /** Most bytes that wait, counted by sizeOfEvent. A single append always fits an empty queue. */
  readonly maxQueuedBytes: number;
  /** Most events in one commit. */
  readonly maxBatchEvents: number;
  /** Most bytes in one commit, counted by sizeOfEvent. */
  readonly maxBatchBytes: number;
  /** Batches that the store has at once: with two it is never idle while the answers to one go out. */
  readonly maxBatchesInFlight: number;
  /** What a caller is told to wait when the queue is full. */
  readonly retryAfterMs: number;
  /** Told of every batch that the store gave outcomes for. */
  readonly onCommitted?: ((batch: CommittedBatch) => void) | undefined;
  /** Told when the store threw; the appends of that batch have had their answers. */
  readonly onStoreError: (error: unknown) => void;
}

/** A batch that the store gave outcomes for, one for each append. */
export interface CommittedBatch {
  /** With their bytes, counted by sizeOfEvent. */
  readonly appends: readonly { readonly intent: AppendIntent; readonly bytes: number }[];
  readonly outcomes: readonly AppendOutcome[];
  /** How long the store took, in milliseconds. */
  readonly ms: number;
}

/** What waits to be written. */
export interface Queued {
  readonly appends: number;
  /** Counted by sizeOfEvent. */
  readonly bytes: number;
}

export interface AppendOptions {
  readonly signal?: Abandonment;
  /** Who sent it: appends of one caller, one after the other, are written and answered together if they can be. */
  readonly caller?: string;
}

/** Puts appends into the log, many in one commit. */
export interface Writer {
  /**
   * Never rejects: what can go wrong is an outcome. Aborted before its batch is taken, it is not
   * written; after that it is, and the outcome still comes.
   */
  append(intent: AppendIntent, options?: AppendOptions): Promise<AppendOutcome>;

  /** What waits now. */
  queued(): Queued;

  /** Refuses new appends from now on; resolves when the queued ones are committed. Idempotent. */
  drain(): Promise<void>;
}

/** A writer with one lane for each order that the store keeps. */
export function createWriter(store: Store, clock: Clock, options: WriterOptions): Writer {
  const lanes = new Map<number, Lane>();
  let draining = false;

  const laneOf = (intent: AppendIntent): Lane => {
    const id = store.laneOf(intent.tenantId);
    let lane = lanes.get(id);
    if (!lane) lanes.set(id, (lane = new Lane(store, clock, options)));
    return lane;
  };

  return {
    append(intent, options) {
      if (draining) return Promise.resolve(stopping);
      return laneOf(intent).append(intent, options);
    },
    queued() {
      let [appends, bytes] = [0, 0];
      for (const { queued } of lanes.values()) {
        appends += queued.appends;
        bytes += queued.bytes;
      }
      return { appends, bytes };
    },
    async drain() {
      draining = true;
      await Promise.all([...lanes.values()].map((lane) => lane.drain()));
    },
  };
}

const stopping: AppendOutcome = {
  ok: false,
  failure: {
    reason: "unavailable",
    description: "the server is stopping",
    outcomeUnknown: false,
    retryAfterMs: 1_000,
  },
};
