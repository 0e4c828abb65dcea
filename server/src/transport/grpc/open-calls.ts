import { AnnalsError } from "../../domain/error.js";
import type { Call } from "../../interceptors/call.js";

/**
 * The calls under way. A stopping server ends the streams; a unary call ends by itself, and is only counted:
 * a Set that calls come to and go from leaves old tables of itself behind, and what stands in those stays
 * in memory until the next full garbage collection.
 */
export class OpenCalls {
  readonly #streams = new Set<Call>();
  #count = 0;
  #stopping: AnnalsError | undefined;
  #onIdle = (): void => undefined;

  /** Takes a call in. Once the server is stopping, a stream is ended at once. */
  add(call: Call): void {
    this.#count++;
    if (!call.streaming) return;
    this.#streams.add(call);
    if (this.#stopping) call.abort(this.#stopping);
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
    for (const call of this.#streams) call.abort(this.#stopping);
  }

  /** Resolves when every call has been answered. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#count === 0) resolve();
    });
  }
}
