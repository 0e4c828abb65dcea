import type { AppendLoad } from "./append-report.js";

/** How appends were driven, line by line. */
export function loadLines(load: AppendLoad): [string, string][] {
  const pace =
    load.rate === undefined
      ? `${load.inFlight} in flight over ${load.connections} connections, closed loop`
      : `${load.rate} calls/s over ${load.connections} connections, open loop, at most ${load.inFlight} in flight; latency from when a call was due`;
  return [
    ["load", pace],
    [
      "a call",
      `${load.requestBytes} bytes: events ${load.events}, JSON in each ${load.dataBytes} bytes`,
    ],
    ["spread over", `streams ${load.streams}, tenants ${load.tenants}`],
    [
      "times",
      `${load.repetitions} x ${load.measureMs / 1000} s each in turns, after ${load.warmUpMs / 1000} s of warm-up`,
    ],
  ];
}
