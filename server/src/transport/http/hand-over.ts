/**
 * Answers on their way from the chain, which pushes, to the protocol, which pulls: one at a time, so
 * that a slow reader holds its handler back.
 */
export class HandOver<Answer> implements AsyncIterableIterator<Answer> {
  #given: { readonly answer: Answer } | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #taken = (): void => undefined;
  #wake = (): void => undefined;

  /** Gives one answer; resolves when the next one is asked for, so when this one has gone out. */
  give(answer: Answer): Promise<void> {
    this.#given = { answer };
    this.#wake();
    return new Promise((resolve) => (this.#taken = resolve));
  }

  /** There are no more. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The call failed; an answer that nobody has taken is dropped. */
  fail(error: unknown): void {
    this.#given = undefined;
    this.#failure = { error };
    this.#wake();
  }

  async next(): Promise<IteratorResult<Answer, undefined>> {
    this.#taken();
    for (;;) {
      const given = this.#given;
      this.#given = undefined;
      if (given) return { done: false, value: given.answer };
      if (this.#failure) throw this.#failure.error;
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
