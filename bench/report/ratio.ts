import type { Measured } from "../suites/interleave.js";
import { callsPerSecond, cpuPerMillion, spreadOfKnown } from "./figures.js";
import { inFull } from "./number-text.js";
import type { Spread } from "./spread.js";

/** One contender against another, repetition by repetition: neighbours in time share the machine's mood. */
export interface Ratio {
  readonly of: string;
  readonly to: string;
  readonly callsPerSecond: Spread | undefined;
  readonly serverCpuPerCall: Spread | undefined;
}

/** Divides one contender's repetitions by another's. */
export function ratioOf(measured: readonly Measured[], of: string, to: string): Ratio {
  const resultsOf = (name: string): Measured["results"] =>
    measured.find(({ contender }) => contender.name === name)?.results ?? [];
  const base = resultsOf(to);
  const ratios = (figure: (result: Measured["results"][number]) => number | undefined) =>
    spreadOfKnown(
      resultsOf(of).map((result, i) => divide(figure(result), base[i] && figure(base[i]))),
    );
  return {
    of,
    to,
    callsPerSecond: ratios(callsPerSecond),
    serverCpuPerCall: ratios(cpuPerMillion),
  };
}

/** The ratio as a sentence. */
export function ratioLine({ of, to, callsPerSecond, serverCpuPerCall }: Ratio): string {
  const cpu = serverCpuPerCall ? `; server CPU per call ${inFull(serverCpuPerCall)} x` : "";
  return `${of} / ${to}: ${callsPerSecond ? inFull(callsPerSecond) : "unknown"} of the calls/s${cpu}`;
}

function divide(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}
