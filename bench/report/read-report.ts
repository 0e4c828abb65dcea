import type { ReadResult } from "../load/page-reader.js";
import type { Report } from "../suites/suite.js";
import type { Disk } from "./disk.js";
import type { Machine } from "./machine.js";
import { inFull, rateAndRange, whole } from "./number-text.js";
import { spreadOf } from "./spread.js";
import { surroundings } from "./surroundings.js";
import { formatList, formatTable } from "./table.js";
import { verdictLines, verdictOf } from "./verdict.js";

/** All that the suite "read" found out. */
export interface ReadFigures {
  readonly suite: "read";
  readonly machine: Machine;
  readonly store: {
    readonly name: string;
    readonly durability: string;
    readonly disk: Disk | undefined;
  };
  readonly load: {
    readonly events: number;
    readonly dataBytes: number;
    readonly repetitions: number;
  };
  /** By name; the first is what the others are compared with. */
  readonly contenders: Readonly<Record<string, readonly ReadResult[]>>;
}

/** Both forms of the report. */
export function reportRead(figures: ReadFigures): Report {
  const { load } = figures;
  const [[baseline, base] = ["", []], ...others] = Object.entries(figures.contenders);
  const rows = Object.entries(figures.contenders).map(([name, results]) => {
    const rate = spreadOf(results.map(eventsPerSecond));
    const megabytes = spreadOf(results.map(({ bytes, seconds }) => bytes / seconds / 1e6));
    return [name, ...rateAndRange(rate), whole(megabytes.median)];
  });
  const ratios = others.map(([name, results]) => ({
    of: name,
    to: baseline,
    eventsPerSecond: spreadOf(
      results.map((result, i) => eventsPerSecond(result) / eventsPerSecond(base[i] ?? result)),
    ),
  }));
  const rateOf = (name: string): number | undefined => {
    const results = figures.contenders[name];
    return results && spreadOf(results.map(eventsPerSecond)).median;
  };
  const verdicts = [
    ...verdictOf("readKept", rateOf("kept pages")),
    ...(figures.store.name === "postgres" ? verdictOf("readCold", rateOf("cold")) : []),
  ];
  const text = [
    formatList([
      ...surroundings(figures),
      ["load", `${load.events} events with ${load.dataBytes} bytes of JSON each, one reader`],
      ["times", `${load.repetitions} in turns, each on a server of its own that has read once`],
    ]),
    formatTable([["", "events/s", "(min to max)", "MB/s"], ...rows]),
    ratios.map(({ of, to, eventsPerSecond: s }) => `${of} / ${to}: ${inFull(s)}`).join("\n"),
    verdictLines(verdicts),
  ].join("\n\n");
  const bars = Object.entries(figures.contenders).map(([name, results]) => ({
    name,
    value: spreadOf(results.map(eventsPerSecond)),
  }));
  const chart = { title: `Catch-up, ${figures.store.name}`, unit: "events/s", bars };
  return { document: { ...figures, ratios, verdicts }, text, charts: [chart] };
}

function eventsPerSecond({ events, seconds }: ReadResult): number {
  return events / seconds;
}
