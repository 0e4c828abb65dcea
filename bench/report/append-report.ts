import type { Load } from "../contenders/contender.js";
import type { Report } from "../suites/suite.js";
import type { Disk } from "./disk.js";
import type { Figures } from "./figures.js";
import type { Machine } from "./machine.js";
import type { Ratio } from "./ratio.js";
import type { Spread } from "./spread.js";
import { surroundings } from "./surroundings.js";
import { formatList, formatTable } from "./table.js";
import { warningsOf } from "./warnings.js";

/** All that the suite "append" found out: the document that --json prints. */
export interface AppendFigures {
  readonly suite: "append";
  readonly machine: Machine;
  readonly store: {
    readonly name: string;
    readonly durability: string;
    readonly disk: Disk | undefined;
  };
  readonly load: Load & {
    readonly events: number;
    readonly dataBytes: number;
    readonly streams: number;
    readonly tenants: number;
    readonly repetitions: number;
    readonly requestBytes: number;
  };
  readonly contenders: readonly Figures[];
  readonly ratios: readonly Ratio[];
  /** Contenders that were asked for and left out, and why. */
  readonly missing: readonly string[];
}

/** Both forms of the report. */
export function reportAppend(figures: AppendFigures): Report {
  const warnings = [...figures.missing, ...warningsOf(figures.contenders, figures.store.disk)];
  const paragraphs = [
    formatList(describe(figures)),
    formatTable([heading, ...figures.contenders.map((each) => row(each, figures.load.events))]),
    figures.ratios.map(sentence).join("\n"),
    checked(figures),
    ...warnings.map((warning) => `WARNING: ${warning}`),
  ];
  return { document: { ...figures, warnings }, text: paragraphs.join("\n\n") };
}

function describe({ machine, store, load }: AppendFigures): [string, string][] {
  return [
    ...surroundings({ machine, store }),
    ["load", `${load.inFlight} in flight over ${load.connections} connections, closed loop`],
    [
      "a call",
      `${load.requestBytes} bytes: events ${load.events}, JSON in each ${load.dataBytes} bytes`,
    ],
    ["spread over", `streams ${load.streams}, tenants ${load.tenants}`],
    [
      "times",
      `${load.repetitions} x ${load.measureMs / 1000} s each in turns, after ${load.warmUpMs / 1000} s of warm-up`,
    ],
  ];
}

const heading = [
  "",
  "calls/s",
  "(min to max)",
  "events/s",
  "p50 ms",
  "p99 ms",
  "server CPU s/M calls",
  "generator cores",
  "other cores",
];

function row(figures: Figures, events: number): string[] {
  const { callsPerSecond, latencyMs, serverCpuSecondsPerMillionCalls } = figures;
  return [
    figures.name,
    whole(callsPerSecond.median),
    `${whole(callsPerSecond.min)} to ${whole(callsPerSecond.max)}`,
    !figures.name.startsWith("empty") ? whole(callsPerSecond.median * events) : "",
    latencyMs.p50.toFixed(2),
    latencyMs.p99.toFixed(2),
    serverCpuSecondsPerMillionCalls?.median.toFixed(1) ?? "",
    figures.generatorCores.median.toFixed(2),
    figures.otherCores?.median.toFixed(2) ?? "",
  ];
}

function sentence({ of, to, callsPerSecond, serverCpuPerCall }: Ratio): string {
  const cpu = serverCpuPerCall ? `; server CPU per call ${inFull(serverCpuPerCall)} x` : "";
  return `${of} / ${to}: ${callsPerSecond ? inFull(callsPerSecond) : "unknown"} of the calls/s${cpu}`;
}

function checked({ contenders, load }: AppendFigures): string {
  const appends = contenders.find(({ name }) => name === "append")?.acknowledged ?? 0;
  return `checked: the logs hold the ${whole(appends * load.events)} events of the ${whole(appends)} acknowledged appends, no more and no fewer`;
}

function inFull({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
