import type { Abandonment } from "../domain/abort.js";
import type { AppendIntent, AppendOutcome } from "../store/store.js";
import type { WriterOptions } from "./writer.js";

/** An append that waits for its outcome. */
export interface Job {
  readonly intent: AppendIntent;
  readonly bytes: number;
  readonly signal: Abandonment | undefined;
  readonly caller: string | undefined;
  readonly settle: (outcome: AppendOutcome) => void;
}

/** Appends that are committed together, in the order of their coming. */
export class Batch {
  readonly jobs: Job[] = [];
  #events = 0;
  #bytes = 0;

  /** @param enough appends that are enough for one commit */
  constructor(
    private readonly bounds: Pick<WriterOptions, "maxBatchEvents" | "maxBatchBytes">,
    private readonly enough: number,
  ) {}

  /** Whether an append still belongs in it. The first one always does. */
  takes(job: Job): boolean {
    const last = this.jobs.at(-1);
    return !last || (this.#hasRoomFor(job) && !this.#isCompleteBefore(job, last));
  }

  add(job: Job): void {
    this.jobs.push(job);
    this.#events += job.intent.events.length;
    this.#bytes += job.bytes;
  }

  #hasRoomFor({ intent, bytes }: Job): boolean {
    return (
      this.#events + intent.events.length <= this.bounds.maxBatchEvents &&
      this.#bytes + bytes <= this.bounds.maxBatchBytes
    );
  }

  /**
   * What one caller sent in a row stays together, up to twice of what is enough: its answers then go out in
   * one write, and what it sends next comes in one piece again.
   */
  #isCompleteBefore({ caller }: Job, last: Job): boolean {
    const count = this.jobs.length;
    return count >= this.enough && (caller !== last.caller || count >= 2 * this.enough);
  }
}
