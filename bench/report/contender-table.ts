import type { Chart } from "./chart.js";
import type { Figures } from "./figures.js";
import { rateAndRange, whole } from "./number-text.js";
import { formatTable } from "./table.js";

const heading = [
  "",
  "calls/s",
  "(min to max)",
  "events/s",
  "p50 ms",
  "p99 ms",
  "p99.9 ms",
  "server CPU s/M events",
  "server peak MiB",
  "generator cores",
  "other cores",
];

/** The contenders of a suite, a line each. */
export function contenderTable(contenders: readonly Figures[]): string {
  return formatTable([heading, ...contenders.map(row)]);
}

/** Their rates, to draw. */
export function contenderChart(title: string, contenders: readonly Figures[]): Chart {
  const bars = contenders.map(({ name, callsPerSecond }) => ({ name, value: callsPerSecond }));
  return { title, unit: "calls/s", bars };
}

function row(figures: Figures): string[] {
  const { latencyMs, serverCpuSecondsPerMillionEvents, serverPeakRssBytes } = figures;
  return [
    figures.name,
    ...rateAndRange(figures.callsPerSecond),
    whole(figures.eventsPerSecond.median),
    ...[latencyMs.p50, latencyMs.p99, latencyMs.p999].map((value) => value.toFixed(2)),
    serverCpuSecondsPerMillionEvents?.median.toFixed(1) ?? "",
    serverPeakRssBytes === undefined ? "" : whole(serverPeakRssBytes / 2 ** 20),
    figures.generatorCores.median.toFixed(2),
    figures.otherCores?.median.toFixed(2) ?? "",
  ];
}
