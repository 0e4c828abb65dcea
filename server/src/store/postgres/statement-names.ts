import { createHash } from "node:crypto";

/** Texts whose name is remembered at most: filters come in a limited number of shapes. */
const maxKept = 1_000;

/**
 * Names of prepared statements: one for each text, and a new one whenever the log has doubled.
 * PostgreSQL keeps the plan that it made when a statement was prepared until the tables are next
 * analyzed. On an empty table all indexes look alike, and the plan it picks there reads a whole
 * tenant to find one event; planned again as the log grows, it never lags by more than a doubling.
 */
export class StatementNames {
  readonly #hashes = new Map<string, string>();
  #doublings = 0;

  /** Tells how long the log is now, or was a while ago. */
  logIsAt(position: bigint): void {
    this.#doublings = Math.max(this.#doublings, position.toString(2).length);
  }

  /** The name to prepare a text under. */
  of(text: string): string {
    let hash = this.#hashes.get(text);
    if (hash === undefined) {
      hash = createHash("sha256").update(text).digest("base64url").slice(0, 22);
      if (this.#hashes.size >= maxKept) this.#hashes.clear();
      this.#hashes.set(text, hash);
    }
    return `${hash}_${this.#doublings}`;
  }
}
