import { runClosedLoop } from "./closed-loop.js";
import { runOpenLoop } from "./open-loop.js";
import type { LoadJob, LoadResult } from "./load-job.js";

/** What the generator process answers a job with. */
export type GeneratorAnswer =
  | { readonly ok: true; readonly result: LoadResult }
  | { readonly ok: false; readonly problem: string };

// The load generator, a process of its own so that it does not share a thread with what it measures.
// It takes one LoadJob at a time from its parent, and ends with it.

process.on("message", (job: LoadJob) => {
  const { rate } = job;
  (rate === undefined ? runClosedLoop(job) : runOpenLoop(job, rate)).then(
    (result) => {
      answer({ ok: true, result });
    },
    (error: unknown) => {
      answer({ ok: false, problem: error instanceof Error ? error.message : String(error) });
    },
  );
});
process.on("disconnect", () => {
  process.exit();
});

function answer(message: GeneratorAnswer): void {
  process.send?.(message);
}
