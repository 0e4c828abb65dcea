import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Option } from "commander";
import { SignJWT } from "jose";
import { createAnnalsServer } from "../contenders/annals-server.js";
import { createAppendRequest } from "../contenders/append-request.js";
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

interface ChainOptions extends TimeOptions {
  readonly store: string;
  readonly inFlight: number;
  readonly dataBytes: number;
}

/** What it costs to know the caller. */
export const chainSuite: Suite = {
  name: "chain",
  description: "appends with a JSON Web Token against appends in dev mode, in turns",
  options: [
    new Option("--store <store>", "sqlite, postgres or memory").default("sqlite"),
    countOption("--in-flight <n>", "calls that wait for their answer at any time", 10_000, 64),
    dataBytesOption,
    ...timeOptions,
  ],
  quick: [["--quick"]],
  run: async (values, context) => {
    const options = values as unknown as ChainOptions;
    const times = timesOf(options);
    const tenants = [randomUUID()];
    const shape = { events: 1, dataBytes: options.dataBytes, streams: 10_000, tenants };
    const request = createAppendRequest(shape);
    const folder = await mkdtemp(join(tmpdir(), "annals-bench-"));
    const keyFile = join(folder, "key");
    const key = randomBytes(32).toString("hex");
    await writeFile(keyFile, key, { mode: 0o600 });
    const token = await new SignJWT({ tenant_id: tenants[0], scope: "events:append events:read" })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject("bench")
      .setExpirationTime("1 day")
      .sign(Buffer.from(key));
    const load = {
      inFlight: options.inFlight,
      connections: Math.min(4, options.inFlight),
      warmUpMs: times.warmUpSeconds * 1000,
      measureMs: times.seconds * 1000,
    };
    const places: StorePlace[] = [];
    const generator = new GeneratorProcess();
    try {
      const contender = async (name: string, bearer?: string) => {
        const place = await openStorePlace(options.store);
        places.push(place);
        const { store, durability } = place;
        const rest = { tenants, eventsPerAppend: 1, cpuProfileFolder: undefined };
        const authorization = [[["authorization", `Bearer ${bearer ?? ""}`]]] as const;
        return createAnnalsServer(generator, {
          ...{ name, store, durability, ...rest },
          request: bearer === undefined ? request : { ...request, metadata: authorization },
          ...(bearer === undefined ? {} : { jwt: { keyFile, token: bearer } }),
        });
      };
      const dev = await contender("append, dev mode");
      const jwt = await contender("append, jwt", token);
      const measured = await driveInterleaved([dev, jwt], load, times.repetitions, context);
      const ratio = ratioOf(measured, jwt.name, dev.name);
      return reportAppend({
        suite: "chain",
        machine: readMachine(),
        store: {
          name: options.store,
          durability: places[0]?.durability ?? "",
          disk: places[0]?.disk,
        },
        load: {
          ...load,
          ...{ events: 1, dataBytes: options.dataBytes, streams: shape.streams, tenants: 1 },
          repetitions: times.repetitions,
          requestBytes: request.message.length,
        },
        contenders: measured.map((each) => figuresOf(each)),
        ratios: [ratio],
        verdicts: verdictOf("authentication", ratio.callsPerSecond?.median),
        missing: [],
      });
    } finally {
      generator.stop();
      for (const place of places) await place.close();
      await rm(folder, { recursive: true });
    }
  },
};
