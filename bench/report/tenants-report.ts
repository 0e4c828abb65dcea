import { Histogram, mergeHistograms } from "../load/histogram.js";
import type { LoadResult } from "../load/load-job.js";
import type { Report } from "../suites/suite.js";
import type { Disk } from "./disk.js";
import type { Machine } from "./machine.js";
import { inFull, whole } from "./number-text.js";
import { type Spread, spreadOf } from "./spread.js";
import { surroundings } from "./surroundings.js";
import { formatList, formatTable } from "./table.js";
import { verdictLines, verdictOf } from "./verdict.js";

/** One repetition: the quiet tenant twice, and the noisy one beside the second time. */
export interface Round {
  readonly alone: LoadResult;
  readonly beside: LoadResult;
  readonly noisy: LoadResult;
}

/** All that the suite "tenants" found out. */
export interface TenantsFigures {
  readonly suite: "tenants";
  readonly machine: Machine;
  readonly store: {
    readonly name: string;
    readonly durability: string;
    readonly disk: Disk | undefined;
  };
  readonly load: {
    /** Appends a second. */
    readonly rate: number;
    readonly limit: number;
    readonly noisyRate: number;
    readonly limitFlag: string | undefined;
    readonly seconds: number;
    readonly repetitions: number;
  };
  readonly rounds: readonly Round[];
}

/** Every form of the report. */
export function reportTenants(figures: TenantsFigures): Report {
  const { load, rounds } = figures;
  const ratio = spreadOf(rounds.map(({ alone, beside }) => p99Ms(beside) / p99Ms(alone)));
  const limited = load.limitFlag !== undefined;
  const verdicts = limited ? verdictOf("noisyNeighbour", ratio.median) : [];
  const rows = (["alone", "beside", "noisy"] as const).map((which) => ({
    name: { alone: "quiet, alone", beside: "quiet, beside the noisy one", noisy: "noisy" }[which],
    results: rounds.map((round) => round[which]),
  }));
  const warnings = limited
    ? []
    : ["no --limit-flag: the server held no tenant back, so the target was not put to the test"];
  const peak = Math.max(...rounds.map(({ noisy }) => noisy.serverPeakRssBytes ?? 0));
  const text = [
    formatList([
      ...surroundings(figures),
      [
        "load",
        `open loop: quiet ${load.rate}/s, noisy ${load.noisyRate}/s; limit ${limitOf(load)}`,
      ],
      ["times", `${load.repetitions} x ${load.seconds} s each way in turns`],
      ["server", `peak memory ${whole(peak / 2 ** 20)} MiB`],
    ]),
    formatTable([
      ["", "accepted/s", "refused", "p50 ms", "p99 ms", "p99.9 ms", "server CPU s/M events"],
      ...rows.map(({ name, results }) => row(name, results)),
    ]),
    `p99 beside / alone: ${inFull(ratio)}`,
    verdictLines(verdicts),
    ...warnings.map((warning) => `WARNING: ${warning}`),
  ]
    .filter((paragraph) => paragraph !== "")
    .join("\n\n");
  const bars = rows.map(({ name, results }) => ({ name, value: spreadOf(results.map(p99Ms)) }));
  return {
    document: { ...figures, rounds: rounds.map(inNumbers), p99Ratio: ratio, verdicts, warnings },
    text,
    charts: [{ title: "Noisy neighbour: p99 from when an append was due", unit: "ms", bars }],
  };
}

function limitOf({ limit, limitFlag }: TenantsFigures["load"]): string {
  return limitFlag === undefined ? "none" : `${limit}/s by ${limitFlag}`;
}

function row(name: string, results: readonly LoadResult[]): string[] {
  const latency = mergeHistograms(results.map((result) => result.latency));
  const cpu = results.map(({ cpu: { server = NaN }, calls }) => (server / calls) * 1e6);
  return [
    name,
    whole(rateOf(results).median),
    whole(results.reduce((sum, { refused }) => sum + refused, 0)),
    ...[0.5, 0.99, 0.999].map((share) => (latency.quantile(share) / 1000).toFixed(2)),
    whole(spreadOf(cpu).median),
  ];
}

function rateOf(results: readonly LoadResult[]): Spread {
  return spreadOf(results.map(({ calls, seconds }) => calls / seconds));
}

function p99Ms({ latency }: LoadResult): number {
  return new Histogram(latency).quantile(0.99) / 1000;
}

function inNumbers(round: Round): object {
  const numbers = ({ latency, ...rest }: LoadResult): object => {
    const histogram = new Histogram(latency);
    const ms = (share: number): number => histogram.quantile(share) / 1000;
    return { ...rest, latencyMs: { p50: ms(0.5), p99: ms(0.99), p999: ms(0.999) } };
  };
  const { alone, beside, noisy } = round;
  return { alone: numbers(alone), beside: numbers(beside), noisy: numbers(noisy) };
}
