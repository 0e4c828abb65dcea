import { mergeHistograms } from "../load/histogram.js";
import type { LoadResult } from "../load/load-job.js";
import type { Measured } from "../suites/interleave.js";
import { type Spread, spreadOf } from "./spread.js";

/** What was measured of a contender. A spread is over the repetitions. */
export interface Figures {
  readonly name: string;
  readonly description: string;
  readonly callsPerSecond: Spread;
  /** Over all repetitions together; at most 1.6 % above the true quantile. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly p999: number };
  /** User and system time of the server process. Undefined where the system does not tell. */
  readonly serverCpuSecondsPerMillionCalls: Spread | undefined;
  /** CPU seconds a second of the load generator: near 1, it is what was measured. */
  readonly generatorCores: Spread;
  /** CPU seconds a second of all processes that have no part in this. */
  readonly otherCores: Spread | undefined;
  /** Calls answered OK, warm-up included. */
  readonly acknowledged: number;
}

/** Sums up one contender. */
export function figuresOf({ contender, results }: Measured): Figures {
  const latency = mergeHistograms(results.map((result) => result.latency));
  const quantileMs = (share: number): number => latency.quantile(share) / 1000;
  return {
    name: contender.name,
    description: contender.description,
    callsPerSecond: spreadOf(results.map(callsPerSecond)),
    latencyMs: { p50: quantileMs(0.5), p99: quantileMs(0.99), p999: quantileMs(0.999) },
    serverCpuSecondsPerMillionCalls: spreadOfKnown(results.map(cpuPerMillion)),
    generatorCores: spreadOf(results.map(({ cpu, seconds }) => cpu.generator / seconds)),
    otherCores: spreadOfKnown(results.map(otherCores)),
    acknowledged: results.reduce((sum, result) => sum + result.acknowledged, 0),
  };
}

export function callsPerSecond({ calls, seconds }: LoadResult): number {
  return calls / seconds;
}

/** Server CPU seconds for a million calls. */
export function cpuPerMillion({ cpu, calls }: LoadResult): number | undefined {
  return cpu.server === undefined ? undefined : (cpu.server / calls) * 1e6;
}

function otherCores({ cpu, seconds }: LoadResult): number | undefined {
  if (cpu.server === undefined) return undefined;
  return Math.max(0, cpu.machine - cpu.server - cpu.generator) / seconds;
}

/** Of nothing, when one value is not known. */
export function spreadOfKnown(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length ? spreadOf(known) : undefined;
}
