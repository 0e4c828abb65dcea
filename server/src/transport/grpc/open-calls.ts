import { AnnalsError } from "../../domain/error.js";
import type { Call } from "../../interceptors/call.js";

/** The calls under way. A stopping server ends the streams; a unary call ends by itself. */
export class OpenCalls {
  readonly #calls = new Set<Call>();
  #stopping: AnnalsError | undefined;
  #onIdle = (): void => undefined;

  /** Takes a call in. Once the server is stopping, a stream is ended at once. */
  add(call: Call): void {
    this.#calls.add(call);
    if (this.#stopping && call.streaming) call.abort(this.#stopping);
  }

  /** The call has been answered. */
  delete(call: Call): void {
    this.#calls.delete(call);
    if (this.#calls.size === 0) this.#onIdle();
  }

  /** Ends every stream, also those still to come, with UNAVAILABLE and a hint to come again. */
  endStreams(retryAfterMs: number): void {
    this.#stopping = new AnnalsError({
      reason: "unavailable",
      description: "the server is stopping",
      outcomeUnknown: false,
      retryAfterMs,
    });
    for (const call of this.#calls) if (call.streaming) call.abort(this.#stopping);
  }

  /** Resolves when every call has been answered. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#calls.size === 0) resolve();
    });
  }
}
