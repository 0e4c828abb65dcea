import type { CpuSeconds } from "./load-job.js";
import { cpuSecondsOf, machineCpuSeconds, ownCpuSeconds } from "./process-cpu.js";

/** Starts to count. The function answers what was used since. */
export function startCpuMeter(serverPid: number): () => CpuSeconds {
  const before = readCpu(serverPid);
  return () => {
    const after = readCpu(serverPid);
    const known = after.server !== undefined && before.server !== undefined;
    return {
      server: known ? (after.server ?? 0) - (before.server ?? 0) : undefined,
      generator: after.generator - before.generator,
      machine: after.machine - before.machine,
    };
  };
}

function readCpu(serverPid: number): CpuSeconds {
  return {
    server: cpuSecondsOf(serverPid),
    generator: ownCpuSeconds(),
    machine: machineCpuSeconds(),
  };
}
