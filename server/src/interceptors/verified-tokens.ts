import { hash } from "node:crypto";
import type { Identity } from "./identity.js";

/** Most tokens remembered; the oldest gives way. */
const maxTokens = 10_000;

/**
 * What verified tokens said, so that a signature is not checked for every call. Tokens are known by
 * their SHA-256. An entry ends with its token, and when the keys change (another generation).
 */
export class VerifiedTokens {
  readonly #entries = new Map<string, { identity: Identity; generation: number }>();

  /** @param now in Unix milliseconds */
  get(token: string, generation: number, now: number): Identity | undefined {
    const key = hashOf(token);
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (entry.generation === generation && now < entry.identity.expiresAt) return entry.identity;
    this.#entries.delete(key);
    return undefined;
  }

  /** @param generation of the keys that it was verified with */
  set(token: string, generation: number, identity: Identity): void {
    if (this.#entries.size >= maxTokens) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(hashOf(token), { identity, generation });
  }

  get size(): number {
    return this.#entries.size;
  }
}

function hashOf(token: string): string {
  return hash("sha256", token, "base64");
}
