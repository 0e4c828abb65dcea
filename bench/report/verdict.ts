import { type Target, type TargetName, targets } from "../targets.js";
import { whole } from "./number-text.js";

/** What was measured, beside its target. */
export interface Verdict extends Target {
  readonly target: TargetName;
  readonly measured: number;
  readonly met: boolean;
}

/** Compares. No verdict on what was not measured. */
export function verdictOf(target: TargetName, measured: number | undefined): Verdict[] {
  if (measured === undefined || Number.isNaN(measured)) return [];
  const wanted: Target = targets[target];
  const met = measured >= (wanted.atLeast ?? -Infinity) && measured <= (wanted.atMost ?? Infinity);
  return [{ ...wanted, target, measured, met }];
}

/** One line each. */
export function verdictLines(verdicts: readonly Verdict[]): string {
  return verdicts.map(lineOf).join("\n");
}

function lineOf({ what, unit, atLeast, atMost, measured, met }: Verdict): string {
  const bound = atLeast === undefined ? `at most ${text(atMost)}` : `at least ${text(atLeast)}`;
  const outcome = met ? "met" : "NOT MET";
  return `target: ${what}: ${bound}${unit && ` ${unit}`}: ${outcome} (${text(measured)})`;
}

function text(value = NaN): string {
  return value >= 1_000 ? whole(value) : String(Math.round(value * 100) / 100);
}
