import { randomUUID } from "node:crypto";
import { Option } from "commander";
import { serverArguments } from "../contenders/annals-server.js";
import { assertLogHeads } from "../contenders/assert-log-heads.js";
import { bulkFill } from "../contenders/bulk-fill.js";
import type { Contender } from "../contenders/contender.js";
import { ServerProcess } from "../contenders/server-process.js";
import { openStorePlace } from "../contenders/store-place.js";
import type { SdkJob, SdkResult } from "../load/sdk-job.js";
import { runSdkJob } from "../load/sdk-process.js";
import { readMachine } from "../report/machine.js";
import { reportSdk } from "../report/sdk-report.js";
import { countOption, timeOptions, type TimeOptions, timesOf } from "./append-options.js";
import { driveInterleaved } from "./interleave.js";
import type { Suite } from "./suite.js";

interface SdkOptions extends TimeOptions {
  readonly store: "sqlite" | "postgres";
  readonly events: number;
  readonly inFlight: number;
  readonly cpuProf?: string;
}

/** Events of each aggregate that is loaded. */
const aggregateEvents = 1_000;

/** What a program sees through the TypeScript SDK. */
export const sdkSuite: Suite = {
  name: "sdk",
  description: "one client of the SDK: pipelined appends, typed catch-up, loading aggregates",
  options: [
    new Option("--store <store>", "sqlite or postgres")
      .choices(["sqlite", "postgres"])
      .default("sqlite"),
    countOption("--events <n>", "events that are caught up with", 100_000_000, 1_000_000),
    countOption("--in-flight <n>", "appends that wait for their answer", 256, 64),
    new Option("--cpu-prof <folder>", "have each client write its CPU profile there (V8)"),
    ...timeOptions,
  ],
  quick: [["--quick", "--events", "20000"]],
  run: async (values, context) => {
    const options = values as unknown as SdkOptions;
    const times = timesOf(options);
    const filled = randomUUID();
    const place = await openStorePlace(options.store);
    let server: ServerProcess | undefined;
    try {
      const streams = Math.max(1, Math.floor(options.events / aggregateEvents));
      await bulkFill({ ...options, ...place, tenant: filled, dataBytes: 256, streams }, context);
      server = await ServerProcess.start(serverArguments(place.store));
      const { address, pid: serverPid } = server;
      const results = new Map<string, SdkResult[]>();
      type What = SdkJob extends infer Job
        ? Job extends SdkJob
          ? Omit<Job, "address" | "tenant" | "serverPid" | "load">
          : never
        : never;
      const contender = (
        name: string,
        tenant: string,
        inFlight: number,
        what: What,
      ): Contender => ({
        name,
        description: `one client of the SDK; ${place.durability}`,
        start: () => Promise.resolve(),
        drive: async (load, { signal } = {}) => {
          const job = {
            address,
            tenant,
            serverPid,
            load: { ...load, inFlight },
            ...what,
          } as SdkJob;
          const abort = signal ? { signal } : {};
          const result = await runSdkJob(job, { ...abort, cpuProfileFolder: options.cpuProf });
          results.set(name, [...(results.get(name) ?? []), result]);
          if (what.kind !== "catch-up" || result.calls === options.events) return result;
          throw new Error(`${result.calls} events came, not ${options.events}`);
        },
        verify: async (acknowledged) => {
          if (what.kind !== "append") return;
          await assertLogHeads(address, [tenant], BigInt(acknowledged));
        },
        stop: () => Promise.resolve(),
      });
      const { inFlight } = options;
      const append = (appends: "unary" | "pipelined"): Contender =>
        contender(`appends, ${appends}`, randomUUID(), inFlight, { kind: "append", appends });
      const aggregates = Math.min(streams, 50);
      const loads = { kind: "load aggregates", aggregates } as const;
      const measured = await driveInterleaved(
        [
          append("unary"),
          append("pipelined"),
          contender("typed catch-up", filled, 1, { kind: "catch-up" }),
          contender(`loads of ${aggregateEvents} events`, filled, 1, {
            ...loads,
            snapshots: false,
          }),
          contender("loads from a snapshot", filled, 1, { ...loads, snapshots: true }),
        ],
        {
          ...{ inFlight, connections: 1 },
          warmUpMs: times.warmUpSeconds * 1000,
          measureMs: times.seconds * 1000,
        },
        times.repetitions,
        context,
      );
      return reportSdk({
        suite: "sdk",
        machine: readMachine(),
        store: { name: options.store, durability: place.durability, disk: place.disk },
        load: { inFlight, events: options.events, aggregateEvents, ...times },
        measured,
        clients: results,
      });
    } finally {
      await server?.stop();
      await place.close();
    }
  },
};
