import type { Writable } from "node:stream";
import { throwIfAborted } from "../../domain/abort.js";
import type { Call } from "../../interceptors/call.js";

/**
 * Writes answers to a call as fast as its reader takes them: the next one is pulled only when the
 * one before has gone to the socket's buffer. Leaves the answers (and so frees what they hold) when
 * the call ends early.
 *
 * @throws AnnalsError what the call was aborted with
 */
export async function writeAll<Answer>(
  surface: Writable,
  answers: AsyncIterable<Answer>,
  encode: (answer: Answer) => Uint8Array,
  call: Call,
): Promise<void> {
  for await (const answer of answers) {
    throwIfAborted(call.signal);
    if (!surface.write(encode(answer))) await drained(surface, call.signal);
  }
}

function drained(surface: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      surface.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    surface.on("drain", done);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
