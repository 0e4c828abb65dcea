/** Least time between two lines about the same, in milliseconds. */
const betweenMs = 1_000;

/** Most that is counted apart; past it the counts begin anew. */
const maxKept = 10_000;

/** Keeps a caller who goes on over a limit from filling the log: one line a second, with a count. */
export class RefusalLines {
  readonly #lines = new Map<string, { at: number; refused: number }>();

  /**
   * Counts a refusal.
   *
   * @param about what the line is about, such as a tenant and a limit
   * @param nowMs by a clock that only goes forwards
   * @returns how many there were since the last line, this one too; undefined: it is too early for a line
   */
  count(about: string, nowMs: number): number | undefined {
    const line = this.#lines.get(about);
    if (line && nowMs - line.at < betweenMs) {
      line.refused++;
      return undefined;
    }
    if (this.#lines.size >= maxKept) this.#lines.clear();
    this.#lines.set(about, { at: nowMs, refused: 0 });
    return (line?.refused ?? 0) + 1;
  }
}
