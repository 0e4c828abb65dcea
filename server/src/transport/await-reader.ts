import { throwIfAborted } from "../domain/abort.js";
import { AnnalsError } from "../domain/error.js";
import type { Call } from "../interceptors/call.js";

/** What a reader that was cut off is told to wait. */
const retryAfterMs = 1_000;

/** How long a reader may stand still while the server stops, in milliseconds. */
const stoppingStallMs = 1_000;

/**
 * Waits until a reader has taken something that it was sent, or the call is aborted.
 *
 * @param taken resolves when it has
 * @param end ends the call of a reader that takes nothing for `stallTimeoutMs`; must abort it
 * @param stopping aborted when the server stops: then it waits for a second
 * @throws AnnalsError what the call was aborted with; limit_exceeded for a reader that stands still
 */
export async function awaitReader(
  taken: Promise<void>,
  call: Call,
  stallTimeoutMs: number,
  end: (reason: AnnalsError) => void,
  stopping?: AbortSignal,
): Promise<void> {
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    const mostMs = stopping?.aborted ? Math.min(stoppingStallMs, stallTimeoutMs) : stallTimeoutMs;
    clearTimeout(timer);
    timer = setTimeout(() => {
      end(stalled(mostMs));
    }, mostMs);
  };
  arm();
  stopping?.addEventListener("abort", arm);
  call.signal.addEventListener("abort", stop);
  try {
    if (!call.aborted) await Promise.race([taken, stopped]);
  } finally {
    clearTimeout(timer);
    stopping?.removeEventListener("abort", arm);
    call.signal.removeEventListener("abort", stop);
  }
  throwIfAborted(call.signal);
}

function stalled(maximum: number): AnnalsError {
  const limit = "reader_stall_ms";
  return new AnnalsError({ reason: "limit_exceeded", limit, maximum, actual: 0, retryAfterMs });
}
