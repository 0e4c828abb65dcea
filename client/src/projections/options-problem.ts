import type { ProjectionRunnerOptions } from "./runner-options.js";

/** What is wrong with a runner's options, in words; undefined: nothing. */
export function optionsProblem<Transaction>({
  name,
  parallel,
  start,
  store,
}: ProjectionRunnerOptions<Transaction>): string | undefined {
  if (name.length < 1 || name.length > 255) return "name must have 1 to 255 characters";
  if (parallel && store.transactional) return "parallel needs a store without transactions";
  if (parallel && !(Number.isInteger(parallel.concurrency) && parallel.concurrency >= 1)) {
    return "concurrency must be an integer of 1 or more";
  }
  if (start === undefined || start === "beginning" || start === "end") return undefined;
  const { position } = start as { readonly position?: unknown }; // who calls from JavaScript may give anything
  const valid = typeof position === "bigint" && position >= 0n;
  return valid ? undefined : 'start must be "beginning", "end", or a position of 0n or more';
}
