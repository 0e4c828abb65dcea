import type { ReadResult } from "../load/page-reader.js";
import { rateAndRange, whole } from "./number-text.js";
import { type Spread, spreadOf } from "./spread.js";
import { formatTable } from "./table.js";

/** Catch-ups, a line for each reader. */
export function readTable(
  title: string,
  readers: Readonly<Record<string, readonly ReadResult[]>>,
): string {
  const heading = [title, "events/s", "(min to max)", "MB/s"];
  return formatTable([
    [...heading, "server CPU s/M events", "server peak MiB"],
    ...Object.entries(readers).map(([name, results]) => row(name, results)),
  ]);
}

/** Events a second, over the repetitions. */
export function readRate(results: readonly ReadResult[]): Spread {
  return spreadOf(results.map(eventsPerSecond));
}

/** One reader's rate as a ratio to another's, repetition by repetition. */
export function readRatio(of: readonly ReadResult[], to: readonly ReadResult[]): Spread {
  return spreadOf(
    of.map((result, i) => eventsPerSecond(result) / eventsPerSecond(to[i] ?? result)),
  );
}

function row(name: string, results: readonly ReadResult[]): string[] {
  const cpu = results.map(
    ({ serverCpuSeconds = NaN, events }) => (serverCpuSeconds / events) * 1e6,
  );
  const peaks = results.map(({ serverPeakRssBytes = NaN }) => serverPeakRssBytes);
  return [
    name,
    ...rateAndRange(readRate(results)),
    whole(spreadOf(results.map(({ bytes, seconds }) => bytes / seconds / 1e6)).median),
    spreadOf(cpu).median.toFixed(2),
    whole(Math.max(...peaks) / 2 ** 20),
  ];
}

function eventsPerSecond({ events, seconds }: ReadResult): number {
  return events / seconds;
}
