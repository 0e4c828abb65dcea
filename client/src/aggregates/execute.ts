import type { CallOptions } from "../connection/connection.js";
import { AnnalsError, inDoubt, isAnnalsError } from "../connection/errors.js";
import { sleep } from "../connection/sleep.js";
import { delayAfter } from "../projections/retry-policy.js";

/** How to carry out a command. */
export interface ExecuteOptions extends CallOptions {
  /** How often a save that failed is tried again, 0 or more. Default: 10. */
  readonly retries?: number;
}

/** The commands that an aggregate's `decide` takes; none for one without. */
export type CommandOf<Aggregate> = Aggregate extends { decide(command: infer Command): void }
  ? Command
  : never;

/** What to do to an aggregate: a command for its `decide`, or a function that calls its methods. */
export type WorkOn<Aggregate> =
  Exclude<CommandOf<Aggregate>, (...args: never) => unknown> | ((aggregate: Aggregate) => unknown);

/** Does to an aggregate what is to be done, and waits for it: either kind of work may be async. */
export async function carryOut<Aggregate>(
  aggregate: Aggregate,
  work: WorkOn<Aggregate>,
): Promise<void> {
  if (typeof work === "function") {
    await (work as (aggregate: Aggregate) => unknown)(aggregate);
  } else {
    await (aggregate as { decide(command: unknown): unknown }).decide(work);
  }
}

/** Waits between attempts are half to all of 5, 10, 20 ... 500 ms. */
const delays = { initialDelayMs: 5, maxDelayMs: 500 } as const;

/**
 * Decides and saves, until a save succeeds. After a conflict it decides anew; when the outcome is
 * not known, or the server was away, it saves the same again: the log knows the event ids.
 */
export async function decideAndSave<Aggregate>(
  decide: () => Promise<Aggregate>,
  save: (decided: Aggregate) => Promise<void>,
  { retries = 10, signal }: ExecuteOptions,
): Promise<Aggregate> {
  if (!Number.isSafeInteger(retries) || retries < 0) {
    throw new AnnalsError("invalid_options", `retries cannot be ${retries}`, {});
  }
  let decided = await decide();
  let doubtful = false; // whether what is decided may have been written
  for (let failures = 1; ; failures++) {
    try {
      await save(decided);
      return decided;
    } catch (thrown) {
      const error: unknown = doubtful ? inDoubt(thrown) : thrown;
      doubtful = isAnnalsError(error) && error.outcomeUnknown;
      const conflict = isAnnalsError(error, "version_conflict");
      if (failures > retries || !(conflict || maySaveAgain(error))) throw error;
      await pause(delayAfter(failures, delays), signal, error);
      if (conflict) decided = await decide();
    }
  }
}

function maySaveAgain(error: unknown): boolean {
  if (!isAnnalsError(error) || error.code === "cancelled" || error.code === "closed") return false;
  return error.outcomeUnknown || error.code === "unavailable";
}

/** @throws AnnalsError cancelled; with `outcomeUnknown` if that of what it waits to save again is */
async function pause(ms: number, signal: AbortSignal | undefined, after: unknown): Promise<void> {
  try {
    await sleep(ms, signal);
  } catch (cause) {
    const outcomeUnknown = isAnnalsError(after) && after.outcomeUnknown;
    throw new AnnalsError("cancelled", "aborted between attempts", {}, { cause, outcomeUnknown });
  }
}
