import type { SdkResult } from "../load/sdk-job.js";
import type { Measured } from "../suites/interleave.js";
import type { Report } from "../suites/suite.js";
import { contenderChart, contenderTable } from "./contender-table.js";
import type { Disk } from "./disk.js";
import { figuresOf } from "./figures.js";
import type { Machine } from "./machine.js";
import { inFull, rateAndRange, whole } from "./number-text.js";
import { ratioLine, ratioOf } from "./ratio.js";
import { spreadOf } from "./spread.js";
import { surroundings } from "./surroundings.js";
import { formatList, formatTable } from "./table.js";
import { verdictLines, verdictOf } from "./verdict.js";

/** All that the suite "sdk" found out. */
export interface SdkFigures {
  readonly suite: "sdk";
  readonly machine: Machine;
  readonly store: {
    readonly name: string;
    readonly durability: string;
    readonly disk: Disk | undefined;
  };
  readonly load: {
    readonly inFlight: number;
    readonly events: number;
    readonly aggregateEvents: number;
    readonly seconds: number;
    readonly repetitions: number;
  };
  readonly measured: readonly Measured[];
  /** The same results, by contender, with what the clients used. */
  readonly clients: ReadonlyMap<string, readonly SdkResult[]>;
}

/** Every form of the report. */
export function reportSdk({ measured, clients, ...figures }: SdkFigures): Report {
  const { load } = figures;
  const contenders = measured.map((each) => figuresOf(each));
  const ratio = ratioOf(measured, "appends, pipelined", "appends, unary");
  const snapshots = ratioOf(
    measured,
    "loads from a snapshot",
    `loads of ${load.aggregateEvents} events`,
  );
  const catchUps = clients.get("typed catch-up") ?? [];
  const perCore = spreadOf(catchUps.map(({ calls, cpu }) => calls / cpu.generator));
  const peaks = [...clients].map(([name, results]) => ({
    name,
    peakRssBytes: Math.max(...results.map(({ clientPeakRssBytes = NaN }) => clientPeakRssBytes)),
    cores: spreadOf(results.map(({ cpu, seconds }) => cpu.generator / seconds)),
  }));
  const verdicts = [
    ...(load.inFlight === 64 ? verdictOf("pipelined", ratio.callsPerSecond?.median) : []),
    ...verdictOf("typedCatchUp", perCore.median),
  ];
  const text = [
    formatList([
      ...surroundings(figures),
      ["load", `one client; ${load.inFlight} appends in flight; ${load.events} events to read`],
      ["times", `${load.repetitions} x ${load.seconds} s each in turns, a fresh process each time`],
    ]),
    contenderTable(contenders),
    formatTable([
      ["client", "peak MiB", "cores"],
      ...peaks.map(({ name, peakRssBytes, cores }) => [
        name,
        whole(peakRssBytes / 2 ** 20),
        inFull(cores),
      ]),
    ]),
    ratioLine(ratio),
    ratioLine(snapshots),
    `typed catch-up: ${rateAndRange(perCore).join(" (")}) events for each CPU second of the client`,
    verdictLines(verdicts),
  ].join("\n\n");
  const document = {
    ...figures,
    contenders,
    ratios: [ratio, snapshots],
    clients: peaks,
    perCore,
    verdicts,
  };
  const isAppend = ({ name }: { readonly name: string }): boolean => name.startsWith("appends");
  const catchUp = {
    title: "Typed catch-up",
    unit: "events for each CPU second of the client",
    bars: [{ name: "typed catch-up", value: perCore }],
  };
  const appends = contenderChart("Appends of one client", contenders.filter(isAppend));
  return { document, text, charts: [appends, catchUp] };
}
