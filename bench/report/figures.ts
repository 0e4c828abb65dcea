import { mergeHistograms } from "../load/histogram.js";
import type { LoadResult } from "../load/load-job.js";
import type { Measured } from "../suites/interleave.js";
import { type Spread, spreadOf } from "./spread.js";

/** What was measured of a contender. A spread is over the repetitions. */
export interface Figures {
  readonly name: string;
  readonly description: string;
  readonly callsPerSecond: Spread;
  readonly eventsPerSecond: Spread;
  /** Over all repetitions together; at most 1.6 % above the true quantile. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly p999: number };
  /** User and system time of the server process. Undefined where the system does not tell. */
  readonly serverCpuSecondsPerMillionEvents: Spread | undefined;
  /** The most memory that the server process held, from its start. Undefined where it has none. */
  readonly serverPeakRssBytes: number | undefined;
  /** CPU seconds a second of the load generator: near 1, it is what was measured. */
  readonly generatorCores: Spread;
  /** CPU seconds a second of all processes that have no part in this. */
  readonly otherCores: Spread | undefined;
  /** Calls answered OK, warm-up included. */
  readonly acknowledged: number;
}

/** Sums up one contender. @param eventsPerCall what each of its calls wrote */
export function figuresOf({ contender, results }: Measured, eventsPerCall = 1): Figures {
  const latency = mergeHistograms(results.map((result) => result.latency));
  const quantileMs = (share: number): number => latency.quantile(share) / 1000;
  return {
    name: contender.name,
    description: contender.description,
    callsPerSecond: spreadOf(results.map(callsPerSecond)),
    eventsPerSecond: spreadOf(results.map((result) => callsPerSecond(result) * eventsPerCall)),
    latencyMs: { p50: quantileMs(0.5), p99: quantileMs(0.99), p999: quantileMs(0.999) },
    serverCpuSecondsPerMillionEvents: spreadOfKnown(
      results.map((result) => divided(cpuPerMillion(result), eventsPerCall)),
    ),
    serverPeakRssBytes: results.at(-1)?.serverPeakRssBytes,
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

function divided(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value / by;
}

/** Of nothing, when one value is not known. */
export function spreadOfKnown(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length ? spreadOf(known) : undefined;
}
