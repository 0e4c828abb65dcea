import { parentPort, workerData } from "node:worker_threads";
import { AnnalsError } from "../../domain/error.js";
import { openDatabase } from "./database.js";
import { CommitError } from "./in-transaction.js";
import type { RowPage } from "./page-of.js";
import { createOperations } from "./operations.js";
import type { WorkerAnswer, WorkerQuestion } from "./worker-client.js";

// One connection in a thread of its own: SQLite's calls block, and the event loop must not.

const { file } = workerData as { file: string };
const database = openDatabase(file);
const operations = createOperations(database);

parentPort?.on("message", (question: WorkerQuestion | "close") => {
  if (question === "close") {
    database.close();
    parentPort?.close();
  } else {
    const answered = answer(question);
    parentPort?.postMessage(answered, buffersOf(answered));
  }
});

/** A page's bytes change hands: they are not copied. */
function buffersOf(answered: WorkerAnswer): ArrayBuffer[] {
  const value = answered.ok
    ? (answered.value as { readonly page?: RowPage } | undefined)
    : undefined;
  if (!value?.page) return [];
  const { bytes, globalPositions } = value.page;
  return [bytes.buffer, globalPositions.buffer];
}

function answer({ name, args }: WorkerQuestion): WorkerAnswer {
  try {
    const operation = operations[name] as (...args: readonly unknown[]) => unknown;
    return { ok: true, value: operation(...args) };
  } catch (error) {
    if (error instanceof AnnalsError) return { ok: false, failure: error.failure };
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const description = cause instanceof Error ? cause.message : String(cause);
    const outcomeUnknown = error instanceof CommitError;
    return { ok: false, failure: undefined, description, outcomeUnknown };
  }
}
