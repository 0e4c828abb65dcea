/**
 * A token bucket that holds one second's worth, full at first. It may be overdrawn: what is larger than
 * the bucket passes when it is not empty, and what follows waits for it.
 * https://en.wikipedia.org/wiki/Token_bucket
 */
export class TokenBucket {
  #tokens = Infinity;

  /** @param filledAtMs by any clock that does not go back, in milliseconds */
  constructor(private filledAtMs: number) {}

  /** How long until something may be taken, in whole milliseconds; 0: now. The rate may differ each time. */
  waitMs(perSecond: number, nowMs: number): number {
    const gained = ((nowMs - this.filledAtMs) / 1_000) * perSecond;
    this.#tokens = Math.min(perSecond, this.#tokens + gained);
    this.filledAtMs = nowMs;
    return this.#tokens > 0 ? 0 : Math.max(1, Math.ceil((-this.#tokens / perSecond) * 1_000));
  }

  take(tokens: number): void {
    this.#tokens -= tokens;
  }
}
