import type { Writable } from "node:stream";
import { throwIfAborted } from "../../domain/abort.js";
import type { Call } from "../../interceptors/call.js";
import { awaitReader } from "../await-reader.js";

/** Bytes of one call that may wait for its reader; the answer that passes it waits too. */
const maxUnsentBytes = 262_144;

/**
 * Writes answers to a call as fast as its reader takes them: the next one is pulled only when those
 * before have gone out, but for a few. Leaves the answers (and so frees what they hold) when the
 * call ends early, and ends it when its reader takes nothing for `stallTimeoutMs`.
 *
 * @param stopping as in awaitReader
 * @throws AnnalsError what the call was aborted with; limit_exceeded for a reader that stands still
 */
export async function writeAll<Answer>(
  surface: Writable,
  answers: AsyncIterable<Answer>,
  encode: (answer: Answer) => Uint8Array,
  call: Call,
  stallTimeoutMs: number,
  stopping?: AbortSignal,
): Promise<void> {
  let unsentBytes = 0;
  let onSent = (): void => undefined;
  const sent = (): Promise<void> => new Promise((resolve) => (onSent = resolve));
  for await (const answer of answers) {
    throwIfAborted(call.signal);
    const bytes = encode(answer);
    unsentBytes += bytes.byteLength;
    surface.write(bytes, () => {
      unsentBytes -= bytes.byteLength;
      onSent();
    });
    while (unsentBytes > maxUnsentBytes || surface.writableNeedDrain) {
      const abort = call.abort.bind(call);
      await awaitReader(sent(), call, stallTimeoutMs, abort, stopping);
    }
  }
}
