import { Worker } from "node:worker_threads";
import { throwIfAborted } from "../../domain/abort.js";
import { AnnalsError, type Failure } from "../../domain/error.js";
import type { ReadOptions } from "../store.js";
import type { Operations } from "./operations.js";

/** A call of an operation, on its way to the worker. */
export interface WorkerQuestion {
  readonly name: keyof Operations;
  readonly args: readonly unknown[];
}

/** Its answer; they come in the order of the questions. A failure without a reason is SQLite's: the description is its text. */
export type WorkerAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: Failure }
  | {
      readonly ok: false;
      readonly failure: undefined;
      readonly description: string;
      readonly outcomeUnknown: boolean;
    };

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A connection in a worker thread, as seen from the event loop. When the thread dies, what was
 * asked fails with "unavailable" and its outcome unknown; the next question starts a new thread.
 */
export class WorkerClient {
  #worker: Worker | undefined;
  #closing: Promise<void> | undefined;
  /**
   * In the order of the questions. Not a Map: its old tables would hold what was asked, and with it the calls
   * that wait for it, until the next full garbage collection.
   */
  readonly #pending: Pending[] = [];

  constructor(
    private readonly file: string,
    private readonly onDeath: (error: Error) => void,
  ) {}

  /** @throws AnnalsError unavailable; what the operation throws; cancelled when aborted before it began */
  async ask<Name extends keyof Operations>(
    name: Name,
    args: Parameters<Operations[Name]>,
    { signal, transfer = [] }: ReadOptions & { transfer?: readonly ArrayBuffer[] } = {},
  ): Promise<ReturnType<Operations[Name]>> {
    throwIfAborted(signal);
    if (this.#closing) throw unavailable("the store is closed", false);
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      worker.postMessage({ name, args } satisfies WorkerQuestion, transfer);
      this.#pending.push({ resolve, reject });
    });
  }

  /** Lets what was asked finish, then ends the thread. */
  close(): Promise<void> {
    const worker = this.#worker;
    return (this.#closing ??= new Promise((resolve) => {
      if (!worker) {
        resolve();
        return;
      }
      worker.once("exit", () => {
        resolve();
      });
      worker.postMessage("close");
    }));
  }

  #start(): Worker {
    const worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: { file: this.file },
    });
    worker.on("message", (answer: WorkerAnswer) => {
      this.#settle(answer);
    });
    let cause: Error | undefined;
    worker.once("error", (error: unknown) => {
      cause = error instanceof Error ? error : new Error(String(error));
    });
    worker.once("exit", (code) => {
      this.#worker = undefined;
      if (this.#closing && !cause && code === 0) return;
      for (const { reject } of this.#pending.splice(0)) {
        reject(unavailable("the store's thread died", true, cause));
      }
      this.onDeath(cause ?? new Error(`a SQLite thread exited with code ${code}`));
    });
    return worker;
  }

  #settle(answer: WorkerAnswer): void {
    const pending = this.#pending.shift();
    if (answer.ok) {
      pending?.resolve(answer.value as never);
    } else if (answer.failure) {
      pending?.reject(new AnnalsError(answer.failure));
    } else {
      const cause = new Error(answer.description);
      pending?.reject(unavailable("the store cannot answer", answer.outcomeUnknown, cause));
    }
  }
}

/** The store cannot do what it is asked. */
export function unavailable(
  description: string,
  outcomeUnknown: boolean,
  cause?: Error,
): AnnalsError {
  const failure = {
    reason: "unavailable",
    description,
    outcomeUnknown,
    retryAfterMs: 1_000,
  } as const;
  return new AnnalsError(failure, { cause });
}
