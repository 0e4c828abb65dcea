import { randomUUID } from "node:crypto";
import { Option } from "commander";
import { createAnnalsServer, serverArguments } from "../contenders/annals-server.js";
import { createAppendRequest } from "../contenders/append-request.js";
import { withFollowers } from "../contenders/followed-server.js";
import { ServerProcess } from "../contenders/server-process.js";
import { openStorePlace, type StorePlace } from "../contenders/store-place.js";
import { type Delivery, measureDelivery } from "../load/delivery.js";
import { GeneratorProcess } from "../load/generator-process.js";
import { IdleFollowers } from "../load/idle-followers.js";
import { mergeHistograms } from "../load/histogram.js";
import { type Quantiles, reportLive } from "../report/live-report.js";
import { figuresOf } from "../report/figures.js";
import { readMachine } from "../report/machine.js";
import { ratioOf } from "../report/ratio.js";
import { driveInterleaved } from "./interleave.js";
import { numberFrom } from "./number-option.js";
import type { Suite } from "./suite.js";

interface LiveOptions {
  readonly store: string;
  readonly rate: number;
  readonly followers: number;
  readonly inFlight: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly repetitions: number;
}

/** From an append to its followers, and what followers cost the appends. */
export const liveSuite: Suite = {
  name: "live",
  description: "append to delivery at a fixed rate; what many followers cost the appends",
  options: [
    new Option("--store <store>", "sqlite, postgres or memory").default("sqlite"),
    new Option("--rate <n>", "appends a second").argParser(numberFrom(1, 100_000)).default(1_000),
    new Option("--followers <n>", "of one tenant, and of as many tenants")
      .argParser(numberFrom(1, 1_000))
      .default(1_000),
    new Option(
      "--in-flight <n>",
      "appends that wait for their answer, where their rate is measured",
    )
      .argParser(numberFrom(1, 10_000))
      .default(64),
    new Option("--seconds <s>", "of a repetition").argParser(numberFrom(1, 3_600)).default(5),
    new Option("--warm-up-seconds <s>", "before each repetition; twice that before a delivery")
      .argParser(numberFrom(0, 600, { fraction: true }))
      .default(1),
    new Option("--repetitions <n>", "in turns").argParser(numberFrom(1, 100)).default(3),
  ],
  quick: [
    [
      "--seconds",
      "1",
      "--repetitions",
      "1",
      "--followers",
      "50",
      "--rate",
      "200",
      "--warm-up-seconds",
      "0.2",
    ],
  ],
  run: async (values, context) => {
    const options = values as unknown as LiveOptions;
    const { seconds, repetitions, rate, inFlight } = options;
    const places: StorePlace[] = [];
    const newPlace = async (): Promise<StorePlace> => {
      const place = await openStorePlace(options.store);
      places.push(place);
      return place;
    };
    const generator = new GeneratorProcess();
    try {
      const delivery: Delivery[] = [];
      const besideStalled: Delivery[] = [];
      const place = await newPlace();
      const server = await ServerProcess.start(serverArguments(place.store));
      try {
        for (let i = 0; i < repetitions; i++) {
          const { address } = server;
          const job = { address, rate, seconds, warmUpSeconds: 2 * options.warmUpSeconds };
          delivery.push(await measureDelivery({ ...job, tenant: randomUUID() }));
          const tenant = randomUUID();
          const stalled = await IdleFollowers.start({ address, tenants: [tenant], stalled: true });
          besideStalled.push(await measureDelivery({ ...job, tenant }));
          await stalled.stop();
          context.progress(`delivery ${i + 1}/${repetitions}`);
        }
      } finally {
        await server.stop();
      }

      const many = Array.from({ length: options.followers }, () => randomUUID());
      const one = many.slice(0, 1);
      const contender = async (name: string, tenants: string[], followed: string[]) => {
        const { store, durability } = await newPlace();
        const shape = { events: 1, dataBytes: 256, streams: 10_000 };
        const request = createAppendRequest({ ...shape, tenants });
        const rest = { eventsPerAppend: 1, cpuProfileFolder: undefined };
        const annals = createAnnalsServer(generator, {
          ...{ store, durability, request, tenants },
          ...rest,
        });
        return withFollowers(annals, name, followed);
      };
      const everyone = Array.from({ length: options.followers }, () => one[0] ?? "");
      const names = {
        one: "one tenant, nobody follows",
        oneFollowed: `one tenant, ${options.followers} follow it`,
        many: `${options.followers} tenants, nobody follows`,
        manyFollowed: `${options.followers} tenants, one follows each`,
      };
      const measured = await driveInterleaved(
        [
          await contender(names.one, one, []),
          await contender(names.oneFollowed, one, everyone),
          await contender(names.many, many, []),
          await contender(names.manyFollowed, many, many),
        ],
        {
          inFlight,
          connections: 4,
          warmUpMs: options.warmUpSeconds * 1_000,
          measureMs: seconds * 1_000,
        },
        repetitions,
        context,
      );
      return reportLive({
        suite: "live",
        machine: readMachine(),
        store: { name: options.store, durability: place.durability, disk: place.disk },
        load: options,
        answered: quantilesOf(delivery.map((each) => each.answered)),
        delivered: quantilesOf(delivery.map((each) => each.delivered)),
        besideStalled: quantilesOf(besideStalled.map((each) => each.delivered)),
        contenders: measured.map((each) => figuresOf(each)),
        ratios: [
          ratioOf(measured, names.oneFollowed, names.one),
          ratioOf(measured, names.manyFollowed, names.many),
        ],
      });
    } finally {
      generator.stop();
      for (const place of places) await place.close();
    }
  },
};

function quantilesOf(all: readonly Float64Array[]): Quantiles {
  const latency = mergeHistograms(all);
  const ms = (share: number): number => latency.quantile(share) / 1000;
  return { count: latency.total, p50Ms: ms(0.5), p99Ms: ms(0.99), p999Ms: ms(0.999) };
}
