import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { GeneratorAnswer } from "./generator.js";
import type { LoadJob, LoadResult } from "./load-job.js";

/** Time beyond its own that a job may take, in milliseconds: to connect, and for the last answers. */
const extraMs = 60_000;

/** The generator, as its parent sees it. */
export class GeneratorProcess {
  readonly #child: ChildProcess;

  constructor() {
    const file = fileURLToPath(new URL("./generator.js", import.meta.url));
    this.#child = fork(file, { serialization: "advanced" });
  }

  /**
   * Runs one job; one at a time.
   *
   * @throws Error when an answer was not OK or the generator ended; on abort, its reason
   */
  run(job: LoadJob, options?: { signal?: AbortSignal }): Promise<LoadResult> {
    const child = this.#child;
    const timeUp = AbortSignal.timeout(job.warmUpMs + job.measureMs + extraMs);
    const signal = AbortSignal.any([timeUp, ...(options?.signal ? [options.signal] : [])]);
    signal.throwIfAborted();
    return new Promise<LoadResult>((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        child.off("message", onMessage).off("exit", onExit);
        signal.removeEventListener("abort", onAbort);
        outcome();
      };
      const onMessage = (message: unknown): void => {
        const answer = message as GeneratorAnswer;
        settle(() => {
          if (answer.ok) resolve(answer.result);
          else reject(new Error(answer.problem));
        });
      };
      const onExit = (): void => {
        settle(() => {
          reject(new Error("the load generator ended"));
        });
      };
      const onAbort = (): void => {
        settle(() => {
          reject(signal.reason as Error);
        });
      };
      child.on("message", onMessage).on("exit", onExit);
      signal.addEventListener("abort", onAbort);
      child.send(job);
    });
  }

  /** Ends the process. Idempotent. */
  stop(): void {
    this.#child.kill("SIGKILL");
  }
}
