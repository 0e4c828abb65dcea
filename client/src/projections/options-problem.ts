import type { ProjectionRunnerOptions } from "./runner-options.js";

/** The longest that a timer waits: one that is set to more ends at once. */
const longestTimerMs = 2 ** 31 - 1;

/** What is wrong with a runner's options, in words; undefined: nothing. */
export function optionsProblem<Transaction>(
  options: ProjectionRunnerOptions<Transaction>,
): string | undefined {
  const { name, parallel, start, store } = options;
  if (name.length < 1 || name.length > 255) return "name must have 1 to 255 characters";
  if (parallel && store.transactional) return "parallel needs a store without transactions";
  if (parallel && !(Number.isInteger(parallel.concurrency) && parallel.concurrency >= 1)) {
    return "concurrency must be an integer of 1 or more";
  }
  return timesProblem(options) ?? startProblem(start);
}

function timesProblem<Transaction>({
  handlerTimeoutMs = Infinity,
  stopTimeoutMs = Infinity,
  lease,
  retry: { maxAttempts = Infinity, initialDelayMs = 0, maxDelayMs = 0 } = {},
}: ProjectionRunnerOptions<Transaction>): string | undefined {
  const upTo = `up to ${longestTimerMs} ms`;
  if (handlerTimeoutMs !== Infinity && !isTime(handlerTimeoutMs, 1)) {
    return `handlerTimeoutMs must be 1 ${upTo}, or Infinity`;
  }
  if (stopTimeoutMs !== Infinity && !isTime(stopTimeoutMs, 0)) {
    return `stopTimeoutMs must be 0 ${upTo}, or Infinity`;
  }
  if (lease && !isTime(lease.ttlMs, 1)) return `ttlMs must be 1 ${upTo}`;
  if (!isTime(initialDelayMs, 0) || !isTime(maxDelayMs, 0)) {
    return `initialDelayMs and maxDelayMs must be 0 ${upTo}`;
  }
  const counts = maxAttempts === Infinity || Number.isInteger(maxAttempts);
  return counts && maxAttempts >= 1 ? undefined : "maxAttempts must be an integer of 1 or more";
}

function isTime(ms: number, atLeast: number): boolean {
  return ms >= atLeast && ms <= longestTimerMs;
}

function startProblem(start: ProjectionRunnerOptions<never>["start"]): string | undefined {
  if (start === undefined || start === "beginning" || start === "end") return undefined;
  const { position } = start as { readonly position?: unknown }; // who calls from JavaScript may give anything
  const valid = typeof position === "bigint" && position >= 0n;
  return valid ? undefined : 'start must be "beginning", "end", or a position of 0n or more';
}
