import type { Store } from "../store/store.js";

/** Time between two checks. */
const intervalMs = 1_000;

/** A check that takes longer has failed. */
const timeoutMs = 3_000;

/**
 * Checks a store again and again. One that has just been opened answers.
 *
 * @param onChange told when that changes: whether the store answers, and if not, why
 */
export function watchStore(
  store: Store,
  onChange: (serving: boolean, error: unknown) => void,
): { stop(): void } {
  let serving = true;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const take = (now: boolean, error?: unknown): void => {
    if (stopped) return;
    if (now !== serving) onChange(now, error);
    serving = now;
    timer = setTimeout(check, intervalMs);
  };
  const check = (): void => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const late = new Promise<never>((_, reject) => {
      timeout.addEventListener("abort", () => {
        reject(new Error(`no answer in ${timeoutMs} ms`));
      });
    });
    Promise.race([store.check({ signal: timeout }), late]).then(
      () => {
        take(true);
      },
      (error: unknown) => {
        take(false, error);
      },
    );
  };
  check();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
