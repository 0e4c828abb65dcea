import { setImmediate } from "node:timers/promises";
import { failureOfAbort } from "../domain/abort.js";
import { sizeOfEvent } from "../domain/event.js";
import { AnnalsError, type Failure } from "../domain/error.js";
import type { Clock } from "../domain/instant.js";
import type { AppendIntent, AppendOutcome, Store } from "../store/store.js";
import { Batch, type Job } from "./batch.js";
import type { AppendOptions, Queued, WriterOptions } from "./writer.js";

/**
 * One order of writing: a bounded queue and the loop that commits it in groups. There is no timer:
 * a batch is what waits when the store has room for one.
 */
export class Lane {
  #queue: Job[] = [];
  #queuedBytes = 0;
  #loop: Promise<void> | undefined;
  /** Batches that the store has. */
  #committing = 0;
  readonly #afterCommit: (() => void)[] = [];

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly options: WriterOptions,
  ) {}

  /** What waits now. */
  get queued(): Queued {
    return { appends: this.#queue.length, bytes: this.#queuedBytes };
  }

  /** Queues an append. Its outcome comes when its batch is committed, or at once when the queue is full. */
  append(intent: AppendIntent, { signal, caller }: AppendOptions = {}): Promise<AppendOutcome> {
    if (signal?.aborted) return Promise.resolve(failed(failureOfAbort(signal, false)));
    let bytes = 0;
    for (const event of intent.events) bytes += sizeOfEvent(event);
    const full = this.#exceededBy(bytes);
    if (full) return Promise.resolve(failed(full));

    return new Promise((settle) => {
      this.#queue.push({ intent, bytes, signal, caller, settle });
      this.#queuedBytes += bytes;
      this.#loop ??= this.#run();
    });
  }

  /** Resolves when everything queued is committed. */
  async drain(): Promise<void> {
    while (this.#loop || this.#committing > 0) {
      await this.#loop;
      if (this.#committing > 0) await this.#nextCommit();
    }
  }

  #exceededBy(bytes: number): Failure | undefined {
    const { maxQueuedAppends, maxQueuedBytes, retryAfterMs } = this.options;
    const exceeded = (limit: string, maximum: number, actual: number): Failure => {
      return { reason: "limit_exceeded", limit, maximum, actual, retryAfterMs };
    };
    if (this.#queue.length >= maxQueuedAppends) {
      return exceeded("write_queue_appends", maxQueuedAppends, this.#queue.length + 1);
    }
    if (this.#queuedBytes + bytes > maxQueuedBytes && this.#queue.length > 0) {
      return exceeded("write_queue_bytes", maxQueuedBytes, this.#queuedBytes + bytes);
    }
    return undefined;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // What the sockets hold already is read first: those appends go in this batch, not the next.
      await setImmediate();
      const batch = this.#take();
      if (batch.length > 0) void this.#commit(batch);
      while (this.#committing >= this.options.maxBatchesInFlight) await this.#nextCommit();
    }
    this.#loop = undefined;
  }

  /** Resolves when a batch has its outcomes. */
  #nextCommit(): Promise<void> {
    return new Promise((resolve) => {
      this.#afterCommit.push(resolve);
    });
  }

  /** The next batch. Those whose caller has gone are settled, not written. */
  #take(): readonly Job[] {
    // A backlog goes in larger batches: then the store is what is waited for.
    const enough = Math.max(this.store.enoughForCommit(), this.#queue.length / 4);
    const batch = new Batch(this.options, enough);
    let taken = 0;
    for (const job of this.#queue) {
      if (!batch.takes(job)) break;
      taken++;
      this.#queuedBytes -= job.bytes;
      if (job.signal?.aborted) job.settle(failed(failureOfAbort(job.signal, false)));
      else batch.add(job);
    }
    this.#queue = taken === this.#queue.length ? [] : this.#queue.slice(taken);
    return batch.jobs;
  }

  async #commit(batch: readonly Job[]): Promise<void> {
    this.#committing++;
    const begun = performance.now();
    try {
      const outcomes = await this.store.append(
        batch.map((job) => job.intent),
        this.clock(),
      );
      const ms = performance.now() - begun;
      batch.forEach((job, i) => {
        job.settle(outcomes[i] ?? failed({ reason: "internal", outcomeUnknown: true }));
      });
      this.options.onCommitted?.({ appends: batch, outcomes, ms });
    } catch (error) {
      const failure: Failure =
        error instanceof AnnalsError ? error.failure : { reason: "internal", outcomeUnknown: true };
      this.options.onStoreError(error);
      for (const job of batch) job.settle(failed(failure));
    } finally {
      this.#committing--;
      for (const wake of this.#afterCommit.splice(0)) wake();
    }
  }
}

function failed(failure: Failure): AppendOutcome {
  return { ok: false, failure };
}
