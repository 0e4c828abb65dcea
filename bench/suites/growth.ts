import { randomUUID } from "node:crypto";
import { Option } from "commander";
import { createAnnalsServer } from "../contenders/annals-server.js";
import { createAppendRequest } from "../contenders/append-request.js";
import { bulkFill } from "../contenders/bulk-fill.js";
import { openStorePlace, type StorePlace } from "../contenders/store-place.js";
import { GeneratorProcess } from "../load/generator-process.js";
import { reportAppend } from "../report/append-report.js";
import { figuresOf } from "../report/figures.js";
import { readMachine } from "../report/machine.js";
import { ratioOf } from "../report/ratio.js";
import { verdictOf } from "../report/verdict.js";
import {
  countOption,
  dataBytesOption,
  timeOptions,
  type TimeOptions,
  timesOf,
} from "./append-options.js";
import { driveInterleaved } from "./interleave.js";
import type { Suite } from "./suite.js";

interface GrowthOptions extends TimeOptions {
  readonly store: "sqlite" | "postgres";
  readonly events: number;
  readonly dataBytes: number;
  readonly streams: number;
  readonly inFlight: number;
}

/** What an append costs when the log is long. */
export const growthSuite: Suite = {
  name: "growth",
  description: "appends to a long log against appends to an empty one, in turns",
  options: [
    new Option("--store <store>", "sqlite or postgres")
      .choices(["sqlite", "postgres"])
      .default("sqlite"),
    countOption("--events <n>", "events in the long log", 1_000_000_000, 5_000_000),
    dataBytesOption,
    countOption("--streams <n>", "streams, of both logs", 100_000_000, 100_000),
    countOption("--in-flight <n>", "calls that wait for their answer at any time", 10_000, 16),
    ...timeOptions,
  ],
  quick: [["--quick", "--events", "50000"]],
  run: async (values, context) => {
    const options = values as unknown as GrowthOptions;
    const times = timesOf(options);
    const tenant = randomUUID();
    const tenants = [tenant];
    const request = createAppendRequest({ ...options, events: 1, tenants });
    const load = {
      inFlight: options.inFlight,
      connections: Math.min(4, options.inFlight),
      warmUpMs: times.warmUpSeconds * 1000,
      measureMs: times.seconds * 1000,
    };
    const places: StorePlace[] = [];
    const generator = new GeneratorProcess();
    try {
      const contender = async (name: string, eventsBefore: number) => {
        const place = await openStorePlace(options.store);
        places.push(place);
        if (eventsBefore > 0) {
          await bulkFill({ ...options, ...place, tenant, events: eventsBefore }, context);
        }
        const { store, durability } = place;
        const rest = { request, tenants, eventsPerAppend: 1, cpuProfileFolder: undefined };
        return createAnnalsServer(generator, { name, store, durability, eventsBefore, ...rest });
      };
      const empty = await contender("append, empty log", 0);
      const full = await contender("append, long log", options.events);
      const measured = await driveInterleaved([empty, full], load, times.repetitions, context);
      const cost = ratioOf(measured, empty.name, full.name);
      return reportAppend({
        suite: "growth",
        machine: readMachine(),
        store: {
          name: `${options.store}, ${options.events} events in the long log`,
          durability: places[0]?.durability ?? "",
          disk: places[0]?.disk,
        },
        load: {
          ...load,
          events: 1,
          dataBytes: options.dataBytes,
          streams: options.streams,
          tenants: 1,
          repetitions: times.repetitions,
          requestBytes: request.message.length,
        },
        contenders: measured.map((each) => figuresOf(each)),
        ratios: [cost],
        verdicts: verdictOf("growth", cost.callsPerSecond?.median),
        missing: [],
      });
    } finally {
      generator.stop();
      for (const place of places) await place.close();
    }
  },
};
