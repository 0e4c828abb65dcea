import type { Report } from "../suites/suite.js";
import type { Disk } from "./disk.js";
import { contenderChart, contenderTable } from "./contender-table.js";
import type { Figures } from "./figures.js";
import type { Machine } from "./machine.js";
import { inFull, whole } from "./number-text.js";
import type { Ratio } from "./ratio.js";
import { surroundings } from "./surroundings.js";
import { formatList, formatTable } from "./table.js";
import { verdictLines, verdictOf } from "./verdict.js";

/** How long something took. */
export interface Quantiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

/** All that the suite "live" found out. */
export interface LiveFigures {
  readonly suite: "live";
  readonly machine: Machine;
  readonly store: {
    readonly name: string;
    readonly durability: string;
    readonly disk: Disk | undefined;
  };
  readonly load: {
    readonly rate: number;
    readonly followers: number;
    readonly inFlight: number;
    readonly seconds: number;
    readonly repetitions: number;
  };
  /** From when an append was due until it was answered. */
  readonly answered: Quantiles;
  /** From when an append was due until a follower had its event. */
  readonly delivered: Quantiles;
  /** The same while another follower of that log reads nothing. */
  readonly besideStalled: Quantiles;
  readonly contenders: readonly Figures[];
  readonly ratios: readonly Ratio[];
}

/** Both forms of the report. */
export function reportLive(figures: LiveFigures): Report {
  const { answered, delivered, besideStalled, load, contenders, ratios } = figures;
  const kept = ratios.map(({ callsPerSecond }) => callsPerSecond?.median ?? NaN);
  const verdicts = [
    ...(load.rate === 1_000 ? verdictOf("deliveryP99", delivered.p99Ms) : []),
    ...(load.followers === 1_000 ? verdictOf("appendsBesideFollowers", Math.min(...kept)) : []),
  ];
  const text = [
    formatList([...surroundings(figures), ["times", `${load.repetitions} x ${load.seconds} s`]]),
    `${load.rate} appends/s, open loop, appends and follower in one process of the SDK:`,
    formatTable([
      ["from due until", "p50 ms", "p99 ms", "p99.9 ms", "events"],
      ...[
        ["answered", answered] as const,
        ["delivered", delivered] as const,
        ["delivered, beside one who reads nothing", besideStalled] as const,
      ].map(([name, { count, p50Ms, p99Ms, p999Ms }]) => [
        name,
        ...[p50Ms, p99Ms, p999Ms].map((value) => value.toFixed(2)),
        whole(count),
      ]),
    ]),
    `Appends, ${load.inFlight} in flight, closed loop:`,
    contenderTable(contenders),
    ratios
      .map(({ of, to, callsPerSecond: s }) => `${of} / ${to}: ${s ? inFull(s) : "unknown"}`)
      .join("\n"),
    verdictLines(verdicts),
  ].join("\n\n");
  const charts = [contenderChart("Appends beside followers", contenders)];
  return { document: { ...figures, verdicts }, text, charts };
}
