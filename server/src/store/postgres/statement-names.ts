import { createHash } from "node:crypto";

/** Texts whose name is remembered at most: filters come in a limited number of shapes. */
const maxKept = 1_000;

/** Names of prepared statements: each text is prepared once on a connection. */
export class StatementNames {
  readonly #names = new Map<string, string>();

  /** The name to prepare a text under. */
  of(text: string): string {
    let name = this.#names.get(text);
    if (name === undefined) {
      name = createHash("sha256").update(text).digest("base64url").slice(0, 22);
      if (this.#names.size >= maxKept) this.#names.clear();
      this.#names.set(text, name);
    }
    return name;
  }
}
