import { setTimeout } from "node:timers/promises";
import type { Load } from "../contenders/contender.js";
import { Histogram } from "./histogram.js";
import type { LoadResult } from "./load-job.js";
import { machineCpuSeconds, ownCpuSeconds } from "./process-cpu.js";

/**
 * Keeps so many calls of a library in flight in this process, for as long as a load says.
 *
 * @throws what the first failed call threw; on abort, its reason
 */
export async function runCallLoop(
  load: Load,
  call: () => Promise<unknown>,
  options?: { signal?: AbortSignal },
): Promise<LoadResult> {
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
    await Promise.race([all, setTimeout(load.warmUpMs, undefined, options)]);
    const before = { own: ownCpuSeconds(), machine: machineCpuSeconds() };
    const started = performance.now();
    state = "measuring";
    await Promise.race([all, setTimeout(load.measureMs, undefined, options)]);
    const seconds = (performance.now() - started) / 1000;
    const cpu = {
      server: undefined,
      generator: ownCpuSeconds() - before.own,
      machine: machineCpuSeconds() - before.machine,
    };
    state = "draining";
    await all;
    return {
      ...{ seconds, calls, acknowledged, refused: 0, cpu },
      latency: histogram.toCounts(),
      serverPeakRssBytes: undefined,
    };
  } finally {
    state = "draining";
    await all.catch(() => undefined);
  }
}
