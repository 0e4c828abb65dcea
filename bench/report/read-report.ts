import type { ReadResult } from "../load/page-reader.js";
import type { Report } from "../suites/suite.js";
import type { Disk } from "./disk.js";
import type { Machine } from "./machine.js";
import { surroundings } from "./surroundings.js";
import { type Spread, spreadOf } from "./spread.js";
import { formatList, formatTable } from "./table.js";

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
    return [
      name,
      whole(rate.median),
      `${whole(rate.min)} to ${whole(rate.max)}`,
      whole(megabytes.median),
    ];
  });
  const ratios = others.map(([name, results]) => ({
    of: name,
    to: baseline,
    eventsPerSecond: spreadOf(
      results.map((result, i) => eventsPerSecond(result) / eventsPerSecond(base[i] ?? result)),
    ),
  }));
  const text = [
    formatList([
      ...surroundings(figures),
      ["load", `${load.events} events with ${load.dataBytes} bytes of JSON each, one reader`],
      ["times", `${load.repetitions} in turns, each on a server of its own that has read once`],
    ]),
    formatTable([["", "events/s", "(min to max)", "MB/s"], ...rows]),
    ratios.map(({ of, to, eventsPerSecond: s }) => `${of} / ${to}: ${inFull(s)}`).join("\n"),
  ].join("\n\n");
  return { document: { ...figures, ratios }, text };
}

function eventsPerSecond({ events, seconds }: ReadResult): number {
  return events / seconds;
}

function inFull({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
