import { type Target, targets } from "../targets.js";
import { formatTable } from "./table.js";

/** All targets, in Markdown. */
export function targetTable(): string {
  const all: readonly Target[] = Object.values(targets);
  const rows = all.map(({ what, atLeast, atMost, unit, source, measure }) => [
    what,
    `${atLeast === undefined ? `at most ${String(atMost)}` : `at least ${atLeast}`} ${unit}`.trim(),
    source,
    `npm run bench -- ${measure}`,
  ]);
  return formatTable([["target", "limit", "source", "how to measure"], ...rows]);
}
