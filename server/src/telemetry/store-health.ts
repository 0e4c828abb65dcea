import type { Store } from "../store/store.js";

/** Time between two checks. */
const intervalMs = 1_000;

/** A check that takes longer has failed. */
const timeoutMs = 3_000;

/** Who is told of a store's health. */
export interface StoreWatcher {
  /** When that changes: whether the store answers, and if not, why. */
  readonly onChange: (serving: boolean, error: unknown) => void;
  /** After every check: how long it took, in milliseconds. */
  readonly onChecked?: ((ms: number) => void) | undefined;
}

/** Checks a store again and again. One that has just been opened answers. */
export function watchStore(store: Store, { onChange, onChecked }: StoreWatcher): { stop(): void } {
  let serving = true;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const take = (begunAt: number, now: boolean, error?: unknown): void => {
    if (stopped) return;
    onChecked?.(performance.now() - begunAt);
    if (now !== serving) onChange(now, error);
    serving = now;
    timer = setTimeout(check, intervalMs);
  };
  const check = (): void => {
    const begunAt = performance.now();
    const timeout = AbortSignal.timeout(timeoutMs);
    const late = new Promise<never>((_, reject) => {
      timeout.addEventListener("abort", () => {
        reject(new Error(`no answer in ${timeoutMs} ms`));
      });
    });
    Promise.race([store.check({ signal: timeout }), late]).then(
      () => {
        take(begunAt, true);
      },
      (error: unknown) => {
        take(begunAt, false, error);
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
