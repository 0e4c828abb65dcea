/** Listens once to each signal, for however many: a signal warns of more than ten listeners. */
export class AbortListeners {
  readonly #waiting = new Map<AbortSignal, Set<() => void>>();

  /** @returns what ends the listening */
  add(signal: AbortSignal, listener: () => void): () => void {
    const waiting = this.#waiting.get(signal) ?? this.#listen(signal);
    waiting.add(listener);
    return () => {
      waiting.delete(listener);
      if (waiting.size === 0) this.#forget(signal);
    };
  }

  /** What a promise gives, unless a signal is aborted first, or was. @throws its reason */
  async race<T>(promise: Promise<T>, signals: readonly AbortSignal[]): Promise<T> {
    const stops: (() => void)[] = [];
    const aborted = new Promise<never>((_, reject) => {
      for (const signal of signals) {
        const abort = (): void => {
          reject(signal.reason as Error);
        };
        if (signal.aborted) abort();
        else stops.push(this.add(signal, abort));
      }
    });
    try {
      return await Promise.race([aborted, promise]);
    } finally {
      for (const stop of stops) stop();
    }
  }

  #listen(signal: AbortSignal): Set<() => void> {
    const waiting = new Set<() => void>();
    this.#waiting.set(signal, waiting);
    signal.addEventListener("abort", this.#aborted, { once: true });
    return waiting;
  }

  #forget(signal: AbortSignal): void {
    this.#waiting.delete(signal);
    signal.removeEventListener("abort", this.#aborted);
  }

  readonly #aborted = (event: Event): void => {
    const signal = event.target as AbortSignal;
    for (const listener of this.#waiting.get(signal) ?? []) listener();
    this.#forget(signal);
  };
}
