import { randomUUID } from "node:crypto";
import { Option } from "commander";
import { createAnnalsServer } from "../contenders/annals-server.js";
import { createAppendRequest } from "../contenders/append-request.js";
import { createEmptyHandler, createEmptyRpc } from "../contenders/empty-handler.js";
import { createPeersOnPostgres } from "../contenders/peers-on-postgres.js";
import { createRawUnnest } from "../contenders/raw-unnest.js";
import { openStorePlace } from "../contenders/store-place.js";
import { GeneratorProcess } from "../load/generator-process.js";
import { type AppendFigures, reportAppend } from "../report/append-report.js";
import { figuresOf } from "../report/figures.js";
import { readMachine } from "../report/machine.js";
import { type Ratio, ratioOf } from "../report/ratio.js";
import { type Verdict, verdictOf } from "../report/verdict.js";
import {
  countOption,
  dataBytesOption,
  timeOptions,
  type TimeOptions,
  timesOf,
} from "./append-options.js";
import { driveInterleaved } from "./interleave.js";
import { numberFrom } from "./number-option.js";
import type { Suite } from "./suite.js";

interface AppendOptions extends TimeOptions {
  readonly store: string;
  readonly inFlight: number;
  readonly connections: number;
  readonly rate?: number;
  readonly events: number;
  readonly dataBytes: number;
  readonly streams: number;
  readonly tenants: number;
  readonly peers?: true;
  readonly cpuProfile?: string;
}

/** Unary appends against the empty handler of the same stack, and what PostgreSQL itself can take. */
export const appendSuite: Suite = {
  name: "append",
  description: "unary Append over the wire, as a ratio to the empty handler of the same stack",
  options: [
    new Option(
      "--store <store>",
      "sqlite, postgres, memory, or what the server's --store takes",
    ).default("sqlite"),
    countOption("--in-flight <n>", "calls that wait for their answer at any time", 10_000, 64),
    countOption("--connections <n>", "connections that they are spread over", 1_000, 4),
    new Option(
      "--rate <n>",
      "calls a second, open loop, for Annals alone: latency is from when a call was due",
    ).argParser(numberFrom(1, 1_000_000)),
    countOption("--events <n>", "events in each append", 1_000, 1),
    dataBytesOption,
    countOption("--streams <n>", "streams that appends are spread over", 100_000_000, 10_000),
    countOption("--tenants <n>", "tenants that take turns", 10_000, 1),
    ...timeOptions,
    new Option("--peers", "with --store postgres: message-db and Emmett, same server, in process"),
    new Option("--cpu-profile <folder>", "have the server write its CPU profile there (V8)"),
  ],
  quick: [
    ["--quick"],
    ["--quick", "--rate", "200"],
    ["--quick", "--store", "postgres", "--events", "100"],
  ],
  run: async (values, context) => {
    const options = values as unknown as AppendOptions;
    const { rate } = options;
    const times = timesOf(options);
    const tenants = Array.from({ length: options.tenants }, () => randomUUID());
    const request = createAppendRequest({ ...options, tenants });
    const load = {
      inFlight: options.inFlight,
      connections: Math.min(options.connections, options.inFlight),
      rate,
      warmUpMs: times.warmUpSeconds * 1000,
      measureMs: times.seconds * 1000,
    };

    if (options.peers && (options.store !== "postgres" || options.events !== 1)) {
      throw new Error("--peers needs --store postgres and one event in each append");
    }
    const place = await openStorePlace(options.store);
    const generator = new GeneratorProcess();
    try {
      const append = createAnnalsServer(generator, {
        store: place.store,
        durability: place.durability,
        request,
        tenants,
        eventsPerAppend: options.events,
        cpuProfileFolder: options.cpuProfile,
      });
      const onPostgres = { ...options, serverUrl: place.store, durability: place.durability };
      const { missing, peers } = await createPeersOnPostgres(onPostgres, options.peers === true);
      const others =
        rate === undefined
          ? [
              createEmptyHandler(generator, request),
              createEmptyRpc(generator, request),
              ...(options.store === "postgres" ? [createRawUnnest(onPostgres)] : []),
              ...peers,
            ]
          : [];
      const measured = await driveInterleaved(
        [...others, append],
        load,
        times.repetitions,
        context,
      );
      const ratios = others.map(({ name }) => ratioOf(measured, append.name, name));
      const figures: AppendFigures = {
        suite: "append",
        machine: readMachine(),
        store: { name: options.store, durability: place.durability, disk: place.disk },
        load: {
          ...load,
          events: options.events,
          dataBytes: options.dataBytes,
          streams: options.streams,
          tenants: options.tenants,
          repetitions: times.repetitions,
          requestBytes: request.message.length,
        },
        contenders: measured.map((each) => figuresOf(each, options.events)),
        ratios,
        verdicts: verdictsOn(options, ratios),
        missing,
      };
      return reportAppend(figures);
    } finally {
      generator.stop();
      await place.close();
    }
  },
};

/** Only of what was measured as the target says. */
function verdictsOn(options: AppendOptions, ratios: readonly Ratio[]): Verdict[] {
  const to = (name: string): number | undefined =>
    ratios.find((ratio) => ratio.to === name)?.callsPerSecond?.median;
  const onPostgres = options.store === "postgres";
  if (options.events === 100) return verdictOf("batchesToRawUnnest", to("raw unnest insert"));
  if (options.events !== 1) return [];
  const handler = onPostgres ? "appendToEmptyHandlerOnPostgres" : "appendToEmptyHandler";
  return [
    ...(options.inFlight === 64 ? verdictOf(handler, to("empty handler")) : []),
    ...verdictOf("appendToMessageDb", to("message-db")),
    ...verdictOf("appendToEmmett", to("Emmett")),
  ];
}
