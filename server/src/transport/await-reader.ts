import { throwIfAborted } from "../domain/abort.js";
import { AnnalsError } from "../domain/error.js";
import type { Call } from "../interceptors/call.js";

/** What a reader that was cut off is told to wait. */
const retryAfterMs = 1_000;

/**
 * Waits until a reader has taken something that it was sent, or the call is aborted.
 *
 * @param taken resolves when it has
 * @param end ends the call of a reader that takes nothing for `stallTimeoutMs`; must abort it
 * @throws AnnalsError what the call was aborted with; limit_exceeded for a reader that stands still
 */
export async function awaitReader(
  taken: Promise<void>,
  call: Call,
  stallTimeoutMs: number,
  end: (reason: AnnalsError) => void,
): Promise<void> {
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const timer = setTimeout(() => {
    end(stalled(stallTimeoutMs));
  }, stallTimeoutMs);
  call.signal.addEventListener("abort", stop);
  try {
    if (!call.aborted) await Promise.race([taken, stopped]);
  } finally {
    clearTimeout(timer);
    call.signal.removeEventListener("abort", stop);
  }
  throwIfAborted(call.signal);
}

function stalled(maximum: number): AnnalsError {
  const limit = "reader_stall_ms";
  return new AnnalsError({ reason: "limit_exceeded", limit, maximum, actual: 0, retryAfterMs });
}
