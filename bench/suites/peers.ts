import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { Option } from "commander";
import { createAnnalsServer } from "../contenders/annals-server.js";
import { createAppendRequest } from "../contenders/append-request.js";
import type { ServerContender } from "../contenders/contender.js";
import { readAllEventsAt, readAllPath } from "../contenders/read-all-call.js";
import { makeFolder, openStorePlace } from "../contenders/store-place.js";
import { createUmaDb } from "../contenders/umadb.js";
import { umaDbEventsAt, umaDbPath } from "../contenders/umadb-messages.js";
import { GeneratorProcess } from "../load/generator-process.js";
import { readPages, type ReadResult } from "../load/page-reader.js";
import { figuresOf } from "../report/figures.js";
import { readMachine } from "../report/machine.js";
import { type Cell, reportPeers } from "../report/peers-report.js";
import { ratioOf } from "../report/ratio.js";
import {
  countOption,
  dataBytesOption,
  timeOptions,
  type TimeOptions,
  timesOf,
} from "./append-options.js";
import { driveInterleaved, type Measured } from "./interleave.js";
import type { Suite, SuiteContext } from "./suite.js";

interface PeersOptions extends TimeOptions {
  readonly store: string;
  readonly inFlight: readonly string[];
  readonly events: readonly string[];
  readonly dataBytes: number;
  readonly streams: number;
}

type Contenders = readonly [annals: ServerContender, umaDb: ServerContender];

/** Events in each append that fills what is read. */
const eventsOfFill = 1_000;

/** Room for 256 appends of 1,000 events, and no page of the log kept. */
const flags = ["--max-queued-bytes", "1000000000", "--page-cache-bytes", "1"];

/** Annals beside another event store that is a server. */
export const peersSuite: Suite = {
  name: "peers",
  description: "appends and reads beside UmaDB, over the whole curve; installs it from PyPI",
  options: [
    new Option("--store <store>", "sqlite, postgres or memory: Annals' own").default("sqlite"),
    new Option("--in-flight <n...>", "calls that wait for their answer").default([
      ...["1", "4", "16", "64", "256"],
    ]),
    new Option("--events <n...>", "events in each append").default(["1", "10", "100", "1000"]),
    dataBytesOption,
    countOption("--streams <n>", "streams that appends are spread over", 100_000_000, 10_000),
    ...timeOptions,
  ],
  quick: [
    [
      ...["--seconds", "0.5", "--warm-up-seconds", "0.1", "--repetitions", "1"],
      ...["--in-flight", "1", "--events", "1", "100"],
    ],
  ],
  run: async (values, context) => {
    const options = values as unknown as PeersOptions;
    const times = timesOf(options);
    const generator = new GeneratorProcess();
    const cells: Cell[] = [];
    const missing: string[] = [];
    let reads: ReadResult[][] = [];
    const surroundings = await openStorePlace(options.store);
    await surroundings.close();
    const load = (inFlight: number) => ({
      inFlight,
      connections: Math.min(4, inFlight),
      warmUpMs: times.warmUpSeconds * 1000,
      measureMs: times.seconds * 1000,
    });
    try {
      for (const events of options.events.map(Number)) {
        for (const inFlight of options.inFlight.map(Number)) {
          context.progress(`${events} events in each append, ${inFlight} in flight`);
          const pair = (contenders: Contenders): Promise<readonly Measured[]> =>
            driveInterleaved(contenders, load(inFlight), times.repetitions, context);
          const measured = await withContenders(generator, { ...options, events }, pair);
          cells.push({
            ...{ events, inFlight },
            contenders: measured.map((each) => figuresOf(each, events)),
            ratio: ratioOf(measured, "append", "UmaDB"),
          });
        }
      }
      reads = await withContenders(generator, { ...options, events: eventsOfFill }, (contenders) =>
        readInTurns(contenders, load(4), times.repetitions, context),
      );
    } catch (error) {
      if (!(error instanceof PeerMissing)) throw error;
      missing.push(`SKIPPED UmaDB, which could not be installed: ${error.message}`);
    } finally {
      generator.stop();
    }
    const { durability, disk } = surroundings;
    return reportPeers({
      suite: "peers",
      machine: readMachine(),
      store: { name: options.store, durability, disk },
      load: { dataBytes: options.dataBytes, streams: options.streams, ...times },
      cells,
      reads: { annals: reads[0] ?? [], umaDb: reads[1] ?? [] },
      missing,
    });
  },
};

/** Python, PyPI or the package for this machine is not there. */
class PeerMissing extends Error {}

const tenant = randomUUID();

/** Both with an empty log of their own. */
async function withContenders<T>(
  generator: GeneratorProcess,
  shape: { store: string; events: number; dataBytes: number; streams: number },
  use: (contenders: Contenders) => Promise<T>,
): Promise<T> {
  const place = await openStorePlace(shape.store);
  const folder = await makeFolder();
  try {
    const umaDb = await createUmaDb(generator, { ...shape, folder }).catch((error: unknown) => {
      throw new PeerMissing(error instanceof Error ? error.message : String(error));
    });
    const { store, durability } = place;
    const annals = createAnnalsServer(generator, {
      ...{ store, durability, flags, tenants: [tenant], cpuProfileFolder: undefined },
      request: createAppendRequest({ ...shape, tenants: [tenant] }),
      eventsPerAppend: shape.events,
    });
    return await use([annals, umaDb]);
  } finally {
    await place.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Fills both logs, and reads them from beginning to end. */
async function readInTurns(
  contenders: Contenders,
  load: Parameters<Contenders[0]["drive"]>[0],
  repetitions: number,
  { signal, progress }: SuiteContext,
): Promise<ReadResult[][]> {
  const calls = [
    { path: readAllPath, eventsAt: readAllEventsAt, metadata: { "x-tenant-id": tenant } },
    { path: umaDbPath.read, eventsAt: umaDbEventsAt, metadata: {} },
  ];
  const results: ReadResult[][] = contenders.map(() => []);
  const written: number[] = [];
  try {
    for (const contender of contenders) {
      await contender.start();
      const { acknowledged } = await contender.drive(load, { signal });
      await contender.verify(acknowledged);
      written.push(acknowledged * eventsOfFill);
    }
    for (let i = 0; i <= repetitions; i++) {
      for (const [k, call] of calls.entries()) {
        signal.throwIfAborted();
        const { address = "", pid: serverPid = 0 } = contenders[k] ?? {};
        const job = { ...call, address, serverPid, request: new Uint8Array(), calls: 1 };
        const result = await readPages(job);
        if (result.events !== written[k]) {
          throw new Error(`${result.events} events came, not ${written[k] ?? 0}`);
        }
        if (i > 0) results[k]?.push(result); // the first one warms up
      }
      progress(`reads ${i}/${repetitions}`);
    }
  } finally {
    for (const contender of contenders) await contender.stop();
  }
  return results;
}
