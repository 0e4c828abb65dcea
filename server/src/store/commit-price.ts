/** What a commit may cost each append in it, in milliseconds: less than the event loop needs to answer one. */
const priceMs = 0.08;

/** Fewer than this are not worth a commit, however fast the disk is. */
const fewest = 16;

/** How far one commit moves what is held to be usual. */
const step = 1.05;

/** What a commit costs on this disk, and so how many appends are enough for one. */
export class CommitPrice {
  #usualMs = 1;

  /** Notes how long a commit took. What is usual follows the median, so that a disk's hiccup does not count. */
  note(ms: number): void {
    this.#usualMs *= ms > this.#usualMs ? step : 1 / step;
  }

  /** Appends that are enough for one commit. */
  enough(): number {
    return Math.max(fewest, Math.ceil(this.#usualMs / priceMs));
  }
}
