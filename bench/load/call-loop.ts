import { setTimeout } from "node:timers/promises";
import type { Load } from "../contenders/contender.js";
import { Histogram } from "./histogram.js";
import type { LoadResult } from "./load-job.js";
import { startCpuMeter } from "./cpu-meter.js";
import { peakRssBytesOf } from "./process-memory.js";

/**
 * Keeps so many calls of a library in flight in this process, for as long as a load says.
 *
 * @param options serverPid: the process that does the work, where it is another one
 * @throws what the first failed call threw; on abort, its reason
 */
export async function runCallLoop(
  load: Load,
  call: () => Promise<unknown>,
  options: { readonly signal?: AbortSignal; readonly serverPid?: number } = {},
): Promise<LoadResult> {
  const { serverPid = 0, ...abort } = options;
  const histogram = new Histogram();
  let state: "warming up" | "measuring" | "draining" = "warming up";
  let [calls, acknowledged] = [0, 0];
  const isDraining = (): boolean => state === "draining";
  const worker = async (): Promise<void> => {
    while (!isDraining()) {
      const started = performance.now();
      await call();
      acknowledged++;
      if (state !== "measuring") continue;
      calls++;
      histogram.record((performance.now() - started) * 1000);
    }
  };
  const all = Promise.all(Array.from({ length: load.inFlight }, worker));
  try {
    await Promise.race([all, setTimeout(load.warmUpMs, undefined, abort)]);
    const cpuUsed = startCpuMeter(serverPid);
    const started = performance.now();
    state = "measuring";
    await Promise.race([all, setTimeout(load.measureMs, undefined, abort)]);
    const seconds = (performance.now() - started) / 1000;
    const cpu = cpuUsed();
    state = "draining";
    await all;
    return {
      ...{ seconds, calls, acknowledged, refused: 0, cpu },
      latency: histogram.toCounts(),
      serverPeakRssBytes: peakRssBytesOf(serverPid),
    };
  } finally {
    state = "draining";
    await all.catch(() => undefined);
  }
}
