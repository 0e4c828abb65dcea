import { AnnalsError } from "../../domain/error.js";
import type { Call } from "../../interceptors/call.js";

/**
 * The calls under way. A stopping server ends the streams; a unary call ends by itself, and is only counted:
 * a Set that calls come to and go from leaves old tables of itself behind, and what stands in those stays
 * in memory until the next full garbage collection.
 */
export class OpenCalls {
  /** And how each is ended when the server stops. */
  readonly #streams = new Map<Call, (reason: AnnalsError) => void>();
  #count = 0;
  #stopping: AnnalsError | undefined;
  #onIdle = (): void => undefined;

  /**
   * Takes a call in. Once the server is stopping, a stream is ended at once.
   *
   * @param end how; by default it is aborted
   */
  add(call: Call, end?: (reason: AnnalsError) => void): void {
    this.#count++;
    if (!call.streaming) return;
    const endIt = end ?? call.abort.bind(call);
    this.#streams.set(call, endIt);
    if (this.#stopping) endIt(this.#stopping);
  }

  /** A call that was taken in has been answered. To be said once. */
  delete(call: Call): void {
    this.#count--;
    if (call.streaming) this.#streams.delete(call);
    if (this.#count === 0) this.#onIdle();
  }

  /** Ends every stream, also those still to come, with UNAVAILABLE and a hint to come again. */
  endStreams(retryAfterMs: number): void {
    this.#stopping = new AnnalsError({
      reason: "unavailable",
      description: "the server is stopping",
      outcomeUnknown: false,
      retryAfterMs,
    });
    for (const end of this.#streams.values()) end(this.#stopping);
  }

  /** Resolves when every call has been answered. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#count === 0) resolve();
    });
  }
}
