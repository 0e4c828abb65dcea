import type { ReadResult } from "../load/page-reader.js";
import type { Report } from "../suites/suite.js";
import type { Disk } from "./disk.js";
import type { Machine } from "./machine.js";
import { inFull } from "./number-text.js";
import { readRate, readRatio, readTable } from "./read-table.js";
import { surroundings } from "./surroundings.js";
import { formatList } from "./table.js";
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

/** Every form of the report. */
export function reportRead(figures: ReadFigures): Report {
  const { load } = figures;
  const [[baseline, base] = ["", []], ...others] = Object.entries(figures.contenders);
  const ratios = others.map(([name, results]) => ({
    of: name,
    to: baseline,
    eventsPerSecond: readRatio(results, base),
  }));
  const rateOf = (name: string): number | undefined => {
    const results = figures.contenders[name];
    return results && readRate(results).median;
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
    readTable("", figures.contenders),
    ratios.map(({ of, to, eventsPerSecond: s }) => `${of} / ${to}: ${inFull(s)}`).join("\n"),
    verdictLines(verdicts),
  ].join("\n\n");
  const bars = Object.entries(figures.contenders).map(([name, results]) => ({
    name,
    value: readRate(results),
  }));
  const chart = { title: `Catch-up, ${figures.store.name}`, unit: "events/s", bars };
  return { document: { ...figures, ratios, verdicts }, text, charts: [chart] };
}
