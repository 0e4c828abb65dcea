/** When refused calls are suspicious. */
export interface SuspicionOptions {
  /** Refused calls within the window. */
  readonly threshold: number;
  readonly windowMs: number;
  /** How long a suspicious subject is blocked; 0: not. */
  readonly blockMs: number;
}

/** Most subjects watched; the one that was quiet longest gives way, a blocked one too. */
const maxSubjects = 10_000;

interface Record {
  /** Of the last refused calls, in Unix milliseconds; no more than the threshold. */
  times: number[];
  raisedAt: number;
  blockedUntil: number;
}

/** Counts refused calls by subject over a sliding window. */
export class Suspicion {
  readonly #records = new Map<string, Record>();

  constructor(private readonly options: SuspicionOptions) {}

  /**
   * @param now in Unix milliseconds
   * @returns true when the subject has just become suspicious: once, until it was quiet for a window
   */
  refused(subject: string, now: number): boolean {
    const { threshold, windowMs, blockMs } = this.options;
    const record = this.#records.get(subject) ?? {
      times: [],
      raisedAt: -Infinity,
      blockedUntil: 0,
    };
    this.#records.delete(subject);
    this.#records.set(subject, record);
    if (this.#records.size > maxSubjects) {
      const [quietest] = this.#records.keys();
      if (quietest !== undefined) this.#records.delete(quietest);
    }
    const last = record.times.at(-1) ?? -Infinity;
    if (now - last > windowMs) record.raisedAt = -Infinity;
    record.times = [...record.times.filter((time) => now - time <= windowMs), now].slice(
      -threshold,
    );
    if (record.times.length < threshold || record.raisedAt > -Infinity) return false;
    record.raisedAt = now;
    record.blockedUntil = now + blockMs;
    return true;
  }

  /** Until when the subject is blocked, in Unix milliseconds; undefined: it is not. */
  blockedUntil(subject: string, now: number): number | undefined {
    const record = this.#records.get(subject);
    if (!record || record.blockedUntil === 0) return undefined;
    if (now < record.blockedUntil) return record.blockedUntil;
    this.#records.delete(subject);
    return undefined;
  }

  get size(): number {
    return this.#records.size;
  }
}
