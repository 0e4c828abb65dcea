import { write, writeSync } from "node:fs";

/** Lines that wait at most, in UTF-16 code units. What a write has begun with may be as much once more. */
const maxWaiting = 4 * 1_048_576;

/** Time until a write is tried again that failed, and one for which a pipe had no room. */
const retryMs = { failed: 200, full: 10 };

/** A pipe that has no room for so long has failed: its reader stands still. */
const stalledMs = 5_000;

/** Who is told how writing goes. */
export interface LineWriterEvents {
  /** From now on lines wait. Told once, until they are written again. */
  readonly onStuck?: (error: Error) => void;
  /** Lines are written again. So many did not find room to wait, and are lost. */
  readonly onFreed: (lost: number) => void;
}

/**
 * Writes lines to an open file, in order and whole, and never throws: whatever writes there does so through one
 * writer. While the disk is full, or the reader stands still, lines wait, within a bound, and their writer does not;
 * nor does the end of the process. When a pipe's reader has gone, they are lost.
 */
export class LineWriter {
  #waiting: string[] = [];
  #waitingLength = 0;
  /** What is being written, or could not be. */
  #first: Buffer = Buffer.alloc(0);
  #busy = false;
  #retry: NodeJS.Timeout | undefined;
  /** Since when a pipe has no room, by the monotonic clock. */
  #fullSince: number | undefined;
  #stuck = false;
  #lost = 0;
  #closed = false;
  readonly #listeners: LineWriterEvents[] = [];

  /**
   * @param sync whether a line is with the system when `write` returns, and outlives the process: then `write`
   *   waits for the reader of a pipe that blocks
   */
  constructor(
    private readonly fd: number,
    private readonly sync: boolean,
  ) {}

  /** For as long as it writes. */
  listen(events: LineWriterEvents): this {
    this.#listeners.push(events);
    return this;
  }

  write(line: string): void {
    if (this.#closed) return;
    if (this.#waitingLength + line.length > maxWaiting) {
      this.#lost++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingLength += line.length;
    if (!this.#busy) this.#writeOn();
  }

  /** Tries a last time to write what waits. Idempotent; later lines are lost. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const isUnderWay = this.#busy && this.#retry === undefined;
    if (isUnderWay) this.#first = Buffer.alloc(0);
    clearTimeout(this.#retry);
    try {
      while (this.#take()) this.#first = this.#first.subarray(writeSync(this.fd, this.#first));
    } catch {
      // Full to the end: there is nowhere to say it.
    }
  }

  #writeOn(): void {
    while ((this.#busy = this.#take())) {
      if (!this.sync) {
        write(this.fd, this.#first, (error, bytes) => {
          if (error) {
            this.#failed(error);
            return;
          }
          this.#wrote(bytes);
          this.#writeOn();
        });
        return;
      }
      try {
        this.#wrote(writeSync(this.fd, this.#first));
      } catch (error) {
        this.#failed(error as NodeJS.ErrnoException);
        return;
      }
    }
  }

  /** @returns whether there is something to write: `#first` */
  #take(): boolean {
    if (this.#first.length === 0 && this.#waiting.length > 0) {
      this.#first = Buffer.from(this.#waiting.join(""));
      this.#waiting = [];
      this.#waitingLength = 0;
    }
    return this.#first.length > 0;
  }

  #wrote(bytes: number): void {
    this.#first = this.#first.subarray(bytes);
    this.#fullSince = undefined;
    if (!this.#stuck && this.#lost === 0) return;
    const lost = this.#lost;
    this.#stuck = false;
    this.#lost = 0;
    for (const { onFreed } of this.#listeners) onFreed(lost);
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (error.code === "EPIPE") {
      this.#closed = true;
      this.#first = Buffer.alloc(0);
      this.#waiting = [];
      return;
    }
    const isFull = error.code === "EAGAIN" && !this.#hasStalled();
    const retry = (): void => {
      this.#retry = undefined;
      this.#writeOn();
    };
    this.#retry = setTimeout(retry, isFull ? retryMs.full : retryMs.failed);
    if (isFull) return;
    this.#retry.unref();
    if (this.#stuck) return;
    this.#stuck = true;
    for (const { onStuck } of this.#listeners) onStuck?.(error);
  }

  #hasStalled(): boolean {
    const now = performance.now();
    return now - (this.#fullSince ??= now) >= stalledMs;
  }
}

/** A writer for standard output, which waits for nobody. A process has one. */
export function standardOutput(): LineWriter {
  return new LineWriter(1, false);
}
