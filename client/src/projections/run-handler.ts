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
 * @throws HandlerFailure for what it throws, and when its time is over
 */
export async function runHandler<Transaction>(
  handler: (context: HandlerContext<Transaction>) => void | Promise<void>,
  context: HandlerContext<Transaction>,
  timeoutMs: number | undefined,
): Promise<void> {
  const late = new AbortController();
  const signal = AbortSignal.any([context.signal, late.signal]);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          const message = `the handler took longer than ${timeoutMs} ms`;
          late.abort(new AnnalsError("deadline_exceeded", message, {}));
        }, timeoutMs);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });
  try {
    signal.throwIfAborted();
    await Promise.race([handler({ ...context, signal }), aborted]);
  } catch (error) {
    throw new HandlerFailure(error);
  } finally {
    clearTimeout(timer);
  }
}
