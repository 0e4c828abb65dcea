/** How often, and when, something that failed is tried again. */
export interface RetryPolicy {
  /** Attempts at one event before it is given up on, 1 or more; Infinity: never. Default: 5. */
  readonly maxAttempts?: number;
  /** Wait after the first failure, in milliseconds; each next one is twice as long. Default: 100. */
  readonly initialDelayMs?: number;
  /** Longest wait, in milliseconds. Default: 10,000. */
  readonly maxDelayMs?: number;
  /**
   * Tells failures that say nothing of the event, such as a database that is down: it is tried again
   * until they are over, and they do not count as attempts. Default: connections that fail, and
   * databases that are busy, locked, full or read only, by their codes in Node.js, PostgreSQL, SQLite and
   * this package, also as the `cause` of another error; errors of this package with `retryAfterMs`.
   */
  readonly isTransient?: (error: unknown) => boolean;
  /** 0 to 1: each wait is between half and all of its length. Default: Math.random. */
  readonly random?: () => number;
}

/** The wait after a number of failures (1 or more), in milliseconds. */
export function delayAfter(failures: number, policy: RetryPolicy): number {
  const { initialDelayMs = 100, maxDelayMs = 10_000, random = Math.random } = policy;
  const full = Math.min(maxDelayMs, initialDelayMs * 2 ** Math.min(failures - 1, 40));
  return full * (0.5 + random() / 2);
}
