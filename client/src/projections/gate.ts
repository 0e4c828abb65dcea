/** Holds who passes, while it is closed. */
export class Gate {
  #closed: { readonly opened: Promise<void>; readonly open: () => void } | undefined;

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  close(): void {
    if (this.#closed) return;
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#closed = { opened, open };
  }

  open(): void {
    this.#closed?.open();
    this.#closed = undefined;
  }

  /** Waits until it is open, or the signal is aborted. */
  async pass(signal: AbortSignal): Promise<void> {
    while (this.#closed && !signal.aborted) {
      const { opened } = this.#closed;
      let leave = (): void => undefined;
      const left = new Promise<void>((resolve) => {
        leave = resolve;
      });
      signal.addEventListener("abort", leave, { once: true });
      await Promise.race([opened, left]);
      signal.removeEventListener("abort", leave);
    }
  }
}
