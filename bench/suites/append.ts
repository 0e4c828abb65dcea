import { randomUUID } from "node:crypto";
import { Option } from "commander";
import { createAnnalsServer } from "../contenders/annals-server.js";
import { createAppendRequest } from "../contenders/append-request.js";
import type { Contender } from "../contenders/contender.js";
import { createEmptyHandler, createEmptyRpc } from "../contenders/empty-handler.js";
import { createMessageDb } from "../contenders/message-db.js";
import { type StorePlace, openStorePlace } from "../contenders/store-place.js";
import { GeneratorProcess } from "../load/generator-process.js";
import { type AppendFigures, reportAppend } from "../report/append-report.js";
import { figuresOf } from "../report/figures.js";
import { readMachine } from "../report/machine.js";
import { ratioOf } from "../report/ratio.js";
import { driveInterleaved } from "./interleave.js";
import { numberFrom } from "./number-option.js";
import type { Suite } from "./suite.js";

interface AppendOptions {
  readonly store: string;
  readonly inFlight: number;
  readonly connections: number;
  readonly events: number;
  readonly dataBytes: number;
  readonly streams: number;
  readonly tenants: number;
  readonly seconds?: number;
  readonly warmUpSeconds?: number;
  readonly repetitions?: number;
  readonly peers?: true;
  readonly quick?: true;
  readonly cpuProfile?: string;
}

/** What times are when nobody says. */
const usual = { seconds: 4, warmUpSeconds: 1, repetitions: 5 };
const quick = { seconds: 1, warmUpSeconds: 0.5, repetitions: 2 };

const count = (flags: string, text: string, max: number, usualCount: number): Option =>
  new Option(flags, text).argParser(numberFrom(1, max)).default(usualCount);
const time = (flags: string, text: string, parse: (text: string) => number): Option =>
  new Option(flags, text).argParser(parse);

/** Unary appends against the empty handler of the same stack. */
export const appendSuite: Suite = {
  name: "append",
  description: "unary Append over the wire, as a ratio to the empty handler of the same stack",
  options: [
    new Option(
      "--store <store>",
      "sqlite, postgres, memory, or what the server's --store takes",
    ).default("sqlite"),
    count("--in-flight <n>", "calls that wait for their answer at any time", 10_000, 64),
    count("--connections <n>", "connections that they are spread over", 1_000, 4),
    count("--events <n>", "events in each append", 1_000, 1),
    new Option("--data-bytes <n>", "bytes of JSON in each event")
      .argParser(numberFrom(64, 1_000_000))
      .default(256),
    count("--streams <n>", "streams that appends are spread over", 100_000_000, 10_000),
    count("--tenants <n>", "tenants that take turns", 10_000, 1),
    time(
      "--seconds <s>",
      `length of a repetition (default: ${usual.seconds})`,
      numberFrom(0.1, 3_600, { fraction: true }),
    ),
    time(
      "--warm-up-seconds <s>",
      `before each repetition (default: ${usual.warmUpSeconds})`,
      numberFrom(0, 600, { fraction: true }),
    ),
    time("--repetitions <n>", `interleaved (default: ${usual.repetitions})`, numberFrom(1, 1_000)),
    new Option("--peers", "with --store postgres: message-db too, on the same server, in process"),
    new Option("--quick", "short times: to see that it works, not for figures"),
    new Option("--cpu-profile <folder>", "have the server write its CPU profile there (V8)"),
  ],
  run: async (values, context) => {
    const options = values as unknown as AppendOptions;
    const times = { ...(options.quick ? quick : usual), ...timesIn(options) };
    const tenants = Array.from({ length: options.tenants }, () => randomUUID());
    const request = createAppendRequest({ ...options, tenants });
    const load = {
      inFlight: options.inFlight,
      connections: Math.min(options.connections, options.inFlight),
      warmUpMs: times.warmUpSeconds * 1000,
      measureMs: times.seconds * 1000,
    };

    if (options.peers && (options.store !== "postgres" || options.events !== 1)) {
      throw new Error("--peers needs --store postgres and one event in each append");
    }
    const place = await openStorePlace(options.store);
    const generator = new GeneratorProcess();
    try {
      const empty = createEmptyHandler(generator, request);
      const emptyRpc = createEmptyRpc(generator, request);
      const append = createAnnalsServer(generator, {
        store: place.store,
        durability: place.durability,
        request,
        tenants,
        eventsPerAppend: options.events,
        cpuProfileFolder: options.cpuProfile,
      });
      const { missing, peers } = await createPeers(options, place);
      const measured = await driveInterleaved(
        [empty, emptyRpc, append, ...peers],
        load,
        times.repetitions,
        context,
      );
      const { durability, disk } = place;
      const figures: AppendFigures = {
        suite: "append",
        machine: readMachine(),
        store: { name: options.store, durability, disk },
        load: {
          ...load,
          events: options.events,
          dataBytes: options.dataBytes,
          streams: options.streams,
          tenants: options.tenants,
          repetitions: times.repetitions,
          requestBytes: request.message.length,
        },
        contenders: measured.map(figuresOf),
        ratios: [empty, emptyRpc, ...peers].map(({ name }) => ratioOf(measured, append.name, name)),
        missing,
      };
      return reportAppend(figures);
    } finally {
      generator.stop();
      await place.close();
    }
  },
};

/** Peers that cannot be had are left out, and the report says so. */
async function createPeers(
  options: AppendOptions,
  { store, durability }: StorePlace,
): Promise<{ readonly peers: readonly Contender[]; readonly missing: readonly string[] }> {
  if (!options.peers) return { peers: [], missing: [] };
  try {
    const messageDb = await createMessageDb({ ...options, serverUrl: store, durability });
    return { peers: [messageDb], missing: [] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { peers: [], missing: [`SKIPPED message-db, which could not be installed: ${why}`] };
  }
}

function timesIn({ seconds, warmUpSeconds, repetitions }: AppendOptions): Partial<typeof usual> {
  return {
    ...(seconds !== undefined && { seconds }),
    ...(warmUpSeconds !== undefined && { warmUpSeconds }),
    ...(repetitions !== undefined && { repetitions }),
  };
}
