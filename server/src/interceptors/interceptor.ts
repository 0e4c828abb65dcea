import type { Call } from "./call.js";

/** One step of every call's road: what it does on the way in, and on the way out. */
export interface Interceptor {
  /** On the way in. Throws to refuse the call; a promise is waited for. */
  readonly enter?: (call: Call) => void | Promise<void>;
  /**
   * On the way out, of every call that this one's `enter` let pass.
   *
   * @param error what the call failed with; undefined: it went well
   * @returns what it fails with from here outwards
   */
  readonly leave?: (call: Call, error: Error | undefined) => Error | undefined;
}

/**
 * Runs a call through a chain: in by its order, through the handler, and out again. What the call left
 * to be undone is undone before the way out. A unary call ends with what it is aborted for, whether or not
 * what the handler waits for can be stopped.
 *
 * @throws whatever the outermost interceptor leaves of an error
 */
export async function runChain<T>(
  chain: readonly Interceptor[],
  call: Call,
  handler: () => Promise<T>,
): Promise<T> {
  let entered = 0;
  let answer: T | undefined;
  let error: Error | undefined;
  try {
    for (const { enter } of chain) {
      const entering = enter?.(call);
      if (entering) await unlessAborted(call, entering);
      entered++;
    }
    answer = await unlessAborted(call, handler());
  } catch (thrown) {
    error = toError(thrown);
  }
  call.ended();
  while (entered > 0) {
    const leave = chain[--entered]?.leave;
    try {
      if (leave) error = leave(call, error);
    } catch (thrown) {
      error = toError(thrown);
    }
  }
  if (error !== undefined) throw error;
  return answer as T;
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** A streaming call's handler sees for itself that nobody waits any more, and ends in its own way. */
function unlessAborted<T>(call: Call, running: Promise<T>): Promise<T> {
  if (call.streaming) return running;
  return new Promise((resolve, reject) => {
    call.onAbort(reject);
    running.then(resolve, reject);
  });
}
