import type { ReadResult } from "../load/page-reader.js";
import type { Report } from "../suites/suite.js";
import type { Chart } from "./chart.js";
import type { Disk } from "./disk.js";
import type { Figures } from "./figures.js";
import type { Machine } from "./machine.js";
import { inFull, rateAndRange, whole } from "./number-text.js";
import type { Ratio } from "./ratio.js";
import { readRatio, readTable } from "./read-table.js";
import { surroundings } from "./surroundings.js";
import { formatList, formatTable } from "./table.js";
import { verdictLines, verdictOf } from "./verdict.js";

/** One point of the curve. */
export interface Cell {
  /** In each append. */
  readonly events: number;
  readonly inFlight: number;
  /** Annals first. */
  readonly contenders: readonly Figures[];
  readonly ratio: Ratio;
}

/** All that the suite "peers" found out. */
export interface PeersFigures {
  readonly suite: "peers";
  readonly machine: Machine;
  readonly store: {
    readonly name: string;
    readonly durability: string;
    readonly disk: Disk | undefined;
  };
  readonly load: {
    readonly dataBytes: number;
    readonly streams: number;
    readonly seconds: number;
    readonly repetitions: number;
  };
  readonly cells: readonly Cell[];
  readonly reads: { readonly annals: readonly ReadResult[]; readonly umaDb: readonly ReadResult[] };
  /** What was left out, and why. */
  readonly missing: readonly string[];
}

/** Every form of the report. */
export function reportPeers(figures: PeersFigures): Report {
  const { cells, load, missing, reads } = figures;
  const ratioAt = (events: number): number | undefined =>
    cells.find((cell) => cell.events === events && cell.inFlight === 1)?.ratio.callsPerSecond
      ?.median;
  const readsRatio = reads.annals.length > 0 ? readRatio(reads.annals, reads.umaDb) : undefined;
  const verdicts = [
    ...verdictOf("appendToUmaDbAlone", ratioAt(1)),
    ...verdictOf("appendToUmaDbBatches", ratioAt(100)),
    ...verdictOf("readToUmaDb", readsRatio?.median),
  ];
  const text = [
    formatList([
      ...surroundings(figures),
      ["load", `closed loop; JSON in each event ${load.dataBytes} bytes; streams ${load.streams}`],
      ["times", `${load.repetitions} x ${load.seconds} s each in turns, on a fresh log each time`],
    ]),
    cells.length > 0 ? formatTable([heading, ...cells.flatMap(rows)]) : "",
    readsRatio
      ? readTable("catch-up, no page kept", { ReadAll: reads.annals, UmaDB: reads.umaDb })
      : "",
    readsRatio ? `ReadAll / UmaDB: ${inFull(readsRatio)}` : "",
    verdictLines(verdicts),
    ...missing.map((line) => `WARNING: ${line}`),
  ];
  return {
    document: { ...figures, readsRatio, verdicts },
    text: text.filter((paragraph) => paragraph !== "").join("\n\n"),
    charts: cells.map(chartOf),
  };
}

const heading = [
  "",
  "events/append",
  "in flight",
  "appends/s",
  "(min to max)",
  "p50 ms",
  "p99 ms",
  "server CPU s/M events",
  "server peak MiB",
  "append / UmaDB",
];

function rows({ events, inFlight, contenders, ratio }: Cell): string[][] {
  return contenders.map((each, i) => [
    each.name,
    String(events),
    String(inFlight),
    ...rateAndRange(each.callsPerSecond),
    each.latencyMs.p50.toFixed(2),
    each.latencyMs.p99.toFixed(2),
    each.serverCpuSecondsPerMillionEvents?.median.toFixed(1) ?? "",
    each.serverPeakRssBytes === undefined ? "" : whole(each.serverPeakRssBytes / 2 ** 20),
    i === 0 && ratio.callsPerSecond ? inFull(ratio.callsPerSecond) : "",
  ]);
}

function chartOf({ events, inFlight, contenders }: Cell): Chart {
  return {
    title: `Appends of ${events}, ${inFlight} in flight`,
    unit: "events/s",
    bars: contenders.map(({ name, eventsPerSecond: value }) => ({ name, value })),
  };
}
