import type { Unwatch } from "./store.js";

/** Those who want to know when a log may have grown. */
export class Watchers {
  readonly #watchers = new Set<() => void>();

  get size(): number {
    return this.#watchers.size;
  }

  add(onGrowth: () => void): Unwatch {
    const own = (): void => {
      onGrowth();
    };
    this.#watchers.add(own);
    return () => {
      this.#watchers.delete(own);
    };
  }

  notify(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
