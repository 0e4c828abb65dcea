import { AnnalsError } from "../../domain/error.js";
import type { Call } from "../../interceptors/call.js";

/** The streaming calls under way: a stopping server ends them, a unary call ends by itself. */
export class OpenStreams {
  readonly #calls = new Set<Call>();
  #ended: AnnalsError | undefined;

  /** Takes a call in; once the streams are ended, it is ended too. */
  add(call: Call): void {
    this.#calls.add(call);
    if (this.#ended) call.abort(this.#ended);
  }

  delete(call: Call): void {
    this.#calls.delete(call);
  }

  /** Ends every stream, also those still to come, with UNAVAILABLE and a hint to come again. */
  end(retryAfterMs: number): void {
    this.#ended = new AnnalsError({
      reason: "unavailable",
      description: "the server is stopping",
      outcomeUnknown: false,
      retryAfterMs,
    });
    for (const call of this.#calls) call.abort(this.#ended);
  }
}
