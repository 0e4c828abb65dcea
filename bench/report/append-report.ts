import type { Load } from "../contenders/contender.js";
import type { Report } from "../suites/suite.js";
import { contenderChart, contenderTable } from "./contender-table.js";
import type { Disk } from "./disk.js";
import type { Figures } from "./figures.js";
import { loadLines } from "./load-lines.js";
import type { Machine } from "./machine.js";
import { whole } from "./number-text.js";
import { type Ratio, ratioLine } from "./ratio.js";
import { surroundings } from "./surroundings.js";
import { formatList } from "./table.js";
import { type Verdict, verdictLines } from "./verdict.js";
import { warningsOf } from "./warnings.js";

/** All that a suite of appends found out: the document that --json prints. */
export interface AppendFigures {
  readonly suite: string;
  readonly machine: Machine;
  readonly store: {
    readonly name: string;
    readonly durability: string;
    readonly disk: Disk | undefined;
  };
  readonly load: AppendLoad;
  readonly contenders: readonly Figures[];
  readonly ratios: readonly Ratio[];
  readonly verdicts: readonly Verdict[];
  /** What was asked for and left out, and why. */
  readonly missing: readonly string[];
}

/** How it was driven. */
export interface AppendLoad extends Load {
  readonly events: number;
  readonly dataBytes: number;
  readonly streams: number;
  readonly tenants: number;
  readonly repetitions: number;
  readonly requestBytes: number;
}

/** Every form of the report. */
export function reportAppend(figures: AppendFigures): Report {
  const { contenders, load, machine, ratios, store, suite, verdicts } = figures;
  const warnings = [...figures.missing, ...warningsOf(contenders, store.disk)];
  const paragraphs = [
    formatList([...surroundings({ machine, store }), ...loadLines(load)]),
    contenderTable(contenders),
    ratios.map(ratioLine).join("\n"),
    checked(figures),
    verdictLines(verdicts),
    ...warnings.map((warning) => `WARNING: ${warning}`),
  ];
  const title = `${suite}, ${store.name}, ${load.inFlight} in flight, ${load.events} events a call`;
  return {
    document: { ...figures, warnings },
    text: paragraphs.filter((paragraph) => paragraph !== "").join("\n\n"),
    charts: [contenderChart(title, contenders)],
  };
}

function checked({ contenders, load }: AppendFigures): string {
  const appends = contenders
    .filter(({ name }) => name.startsWith("append"))
    .reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  return `checked: the logs hold the ${whole(appends * load.events)} events of the ${whole(appends)} acknowledged appends, no more and no fewer`;
}
