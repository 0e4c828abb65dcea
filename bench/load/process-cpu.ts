import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Length of a clock tick in /proc, in seconds: the kernel gives user space 100 a second (proc(5)). */
const tickSeconds = 0.01;

/** User and system CPU seconds of a process with all its threads so far; undefined off Linux. */
export function cpuSecondsOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the command in parentheses, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * tickSeconds;
  } catch {
    return undefined;
  }
}

/** CPU seconds that the machine's cores were not idle so far. */
export function machineCpuSeconds(): number {
  let ms = 0;
  for (const { times } of cpus()) ms += times.user + times.nice + times.sys + times.irq;
  return ms / 1000;
}

/** User and system CPU seconds of this process so far. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
