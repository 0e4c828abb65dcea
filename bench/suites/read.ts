import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { create, type Message, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Option } from "commander";
import { ReadAllRequestSchema } from "@annals/proto/annals/v1/event_store";
import { serverArguments } from "../contenders/annals-server.js";
import { bulkFill } from "../contenders/bulk-fill.js";
import { ServerProcess } from "../contenders/server-process.js";
import { openStorePlace } from "../contenders/store-place.js";
import { readAllEventsAt, readAllPath } from "../contenders/read-all-call.js";
import { readPages, type ReadJob, type ReadResult } from "../load/page-reader.js";
import { readMachine } from "../report/machine.js";
import { reportRead } from "../report/read-report.js";
import { numberFrom } from "./number-option.js";
import type { Suite } from "./suite.js";

interface ReadOptions {
  readonly store: "sqlite" | "postgres";
  readonly events: number;
  readonly dataBytes: number;
  readonly repetitions: number;
}

type ReadAll = Exclude<MessageInitShape<typeof ReadAllRequestSchema>, Message>;

const nothingKept = ["--page-cache-bytes", "1"];

/** A filter that every event of the log passes: what it costs to ask. */
const everyEventByType: ReadAll = { filter: { eventTypes: ["OrderPlaced"] } };

const fromTheEnd: ReadAll = { start: { case: "beforePosition", value: 0n } };

/** Events that the cached contender reads again and again: what fits into its cache. */
const cachedEvents = 100_000;

/** Catch-up: a log from its beginning to its end. */
export const readSuite: Suite = {
  name: "read",
  description:
    "catch-up by ReadAll, cold from the store (all events, one type of event, backwards) and from kept pages, against raw bytes",
  options: [
    new Option("--store <store>", "sqlite or postgres")
      .choices(["sqlite", "postgres"])
      .default("sqlite"),
    new Option("--events <n>", "events read in a repetition")
      .argParser(numberFrom(cachedEvents, 100_000_000))
      .default(1_000_000),
    new Option("--data-bytes <n>", "bytes of JSON in each event")
      .argParser(numberFrom(64, 100_000))
      .default(256),
    new Option("--repetitions <n>", "in turns").argParser(numberFrom(1, 100)).default(3),
  ],
  quick: [["--events", "100000", "--repetitions", "1"]],
  run: async (values, context) => {
    const { signal, progress } = context;
    const options = values as unknown as ReadOptions;
    const place = await openStorePlace(options.store);
    const servers: ServerProcess[] = [];
    const start = async (args: readonly string[]): Promise<ServerProcess> => {
      const server = await ServerProcess.start(args);
      servers.push(server);
      return server;
    };
    try {
      const tenant = randomUUID();
      await bulkFill({ ...options, ...place, tenant, streams: 10_000 }, context);
      const rounds = Math.round(options.events / cachedEvents);
      const job = (
        server: ServerProcess,
        limit: number,
        calls: number,
        request: ReadAll = {},
      ): ReadJob => ({
        address: server.address,
        serverPid: server.pid,
        path: readAllPath,
        metadata: { "x-tenant-id": tenant },
        request: requestOf({ ...request, limit: BigInt(limit) }),
        calls,
        eventsAt: readAllEventsAt,
      });
      const readOne = async (
        flags: readonly string[],
        limit: number,
        calls: number,
        request?: ReadAll,
      ) => {
        const server = await start([...serverArguments(place.store), ...flags]);
        try {
          const warmUp = await readPages(job(server, cachedEvents, 1, request));
          return { warmUp, result: await readPages(job(server, limit, calls, request)) };
        } finally {
          await server.stop();
        }
      };

      const cold: ReadResult[] = [];
      const ofType: ReadResult[] = [];
      const backwards: ReadResult[] = [];
      const cached: ReadResult[] = [];
      const raw: ReadResult[] = [];
      for (let i = 0; i < options.repetitions; i++) {
        signal.throwIfAborted();
        const { result, warmUp } = await readOne(nothingKept, options.events, 1);
        cold.push(result);
        ofType.push((await readOne(nothingKept, options.events, 1, everyEventByType)).result);
        backwards.push((await readOne(nothingKept, options.events, 1, fromTheEnd)).result);
        cached.push(
          (await readOne(["--page-cache-bytes", "1000000000"], cachedEvents, rounds)).result,
        );
        const pages = Math.ceil(cachedEvents / 1_000) * rounds;
        const pageBytes = String(Math.round(warmUp.bytes / (cachedEvents / 1_000)));
        const file = fileURLToPath(new URL("../contenders/raw-bytes-server.js", import.meta.url));
        const server = await start([file, readAllPath, String(pages), pageBytes]);
        raw.push({ ...(await readPages(job(server, 0, 1))), events: pages * 1_000 });
        await server.stop();
        progress(`${i + 1}/${options.repetitions}`);
      }
      for (const { events } of [...cold, ...ofType, ...backwards, ...cached]) {
        if (events === options.events) continue;
        throw new Error(`${events} events came, not ${options.events}`);
      }
      return reportRead({
        suite: "read",
        machine: readMachine(),
        store: { name: options.store, durability: place.durability, disk: place.disk },
        load: options,
        contenders: {
          "raw bytes": raw,
          "kept pages": cached,
          cold,
          "cold, one event type": ofType,
          "cold, backwards": backwards,
        },
      });
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
      await place.close();
    }
  },
};

function requestOf(request: ReadAll): Uint8Array {
  return toBinary(ReadAllRequestSchema, create(ReadAllRequestSchema, request));
}
