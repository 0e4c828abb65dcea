import { readFileSync } from "node:fs";

/** The most memory that a process has held so far (resident set), in bytes; undefined off Linux. */
export function peakRssBytesOf(pid: number): number | undefined {
  try {
    const kiB = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kiB === undefined ? undefined : Number(kiB) * 1024;
  } catch {
    return undefined;
  }
}
