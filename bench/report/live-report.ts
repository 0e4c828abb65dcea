import type { Report } from "../suites/suite.js";
import type { Disk } from "./disk.js";
import type { Figures } from "./figures.js";
import type { Machine } from "./machine.js";
import type { Ratio } from "./ratio.js";
import { surroundings } from "./surroundings.js";
import { formatList, formatTable } from "./table.js";

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
    formatTable([
      ["", "appends/s", "(min to max)", "p50 ms", "p99 ms"],
      ...contenders.map(({ name, callsPerSecond, latencyMs }) => [
        name,
        whole(callsPerSecond.median),
        `${whole(callsPerSecond.min)} to ${whole(callsPerSecond.max)}`,
        latencyMs.p50.toFixed(2),
        latencyMs.p99.toFixed(2),
      ]),
    ]),
    ratios
      .map(({ of, to, callsPerSecond: s }) => {
        const spread = s && `${s.median.toFixed(2)} (${s.min.toFixed(2)} to ${s.max.toFixed(2)})`;
        return `${of} / ${to}: ${spread ?? "unknown"}`;
      })
      .join("\n"),
  ].join("\n\n");
  return { document: figures, text };
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
