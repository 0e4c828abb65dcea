import type { Call } from "./call.js";

/** One step around a call. It goes on by `next`, once, or throws; it sees what comes back. */
export type Interceptor = (call: Call, next: () => Promise<void>) => Promise<void>;

/** Runs a call through a chain, outermost first, with the handler inside. */
export function runChain(
  chain: readonly Interceptor[],
  call: Call,
  handler: () => Promise<void>,
): Promise<void> {
  let step = handler;
  for (let i = chain.length - 1; i >= 0; i--) {
    const interceptor = chain[i];
    const next = step;
    if (interceptor) step = () => interceptor(call, next);
  }
  return step();
}
