import type { AbortListeners } from "../connection/abort-listeners.js";
import { AnnalsError } from "../connection/errors.js";
import type { HandlerContext } from "./handler-context.js";

/** A handler threw, as opposed to the store. */
export class HandlerFailure extends Error {
  constructor(override readonly cause: unknown) {
    super("a handler failed", { cause });
  }
}

/**
 * Runs a handler, for a limited time.
 *
 * @param timeoutMs in milliseconds; undefined: no limit
 * @param listeners to the context's signal, which many handlers may have at once
 * @throws HandlerFailure for what it throws, and when its time is over
 */
export async function runHandler<Transaction>(
  handler: (context: HandlerContext<Transaction>) => void | Promise<void>,
  context: HandlerContext<Transaction>,
  timeoutMs: number | undefined,
  listeners: AbortListeners,
): Promise<void> {
  const ending = new AbortController();
  let fail: (reason: unknown) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const end = (reason: unknown): void => {
    fail(reason);
    ending.abort(reason);
  };
  const onLate = (): void => {
    end(new AnnalsError("deadline_exceeded", `the handler took longer than ${timeoutMs} ms`, {}));
  };
  const run = async (): Promise<void> => handler({ ...context, signal: ending.signal });
  const timer = timeoutMs === undefined ? undefined : setTimeout(onLate, timeoutMs);
  const stopListening = listeners.add(context.signal, () => {
    end(context.signal.reason);
  });
  try {
    context.signal.throwIfAborted();
    await Promise.race([run(), ended]);
  } catch (error) {
    throw new HandlerFailure(error);
  } finally {
    clearTimeout(timer);
    stopListening();
  }
}
