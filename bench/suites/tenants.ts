import { randomUUID } from "node:crypto";
import { Option } from "commander";
import { serverArguments } from "../contenders/annals-server.js";
import { createAppendRequest } from "../contenders/append-request.js";
import { assertLogHeads } from "../contenders/assert-log-heads.js";
import { ServerProcess } from "../contenders/server-process.js";
import { openStorePlace } from "../contenders/store-place.js";
import { GeneratorProcess } from "../load/generator-process.js";
import type { LoadJob, LoadResult } from "../load/load-job.js";
import { readMachine } from "../report/machine.js";
import { type Round, reportTenants } from "../report/tenants-report.js";
import { countOption, timeOptions, type TimeOptions, timesOf } from "./append-options.js";
import type { Suite } from "./suite.js";

interface TenantsOptions extends TimeOptions {
  readonly store: string;
  readonly rate: number;
  readonly limit: number;
  readonly limitFlag: string | false;
  readonly serverFlag: readonly string[];
}

/** The noisy tenant calls so many times as often as it may. */
const noise = 10;

/** What a tenant feels of another one that is far above its limit. */
export const tenantsSuite: Suite = {
  name: "tenants",
  description: "a tenant at a fixed rate, alone and beside one at ten times its limit",
  options: [
    new Option("--store <store>", "sqlite, postgres or memory").default("sqlite"),
    countOption("--rate <n>", "appends a second of the quiet tenant", 100_000, 50),
    countOption("--limit <n>", "appends a second that a tenant may make", 100_000, 50),
    new Option("--limit-flag <flag>", "the server's flag that takes the limit").default(
      "--tenant-append-events-per-second",
    ),
    new Option("--no-limit-flag", "without a limit: what the noise does then"),
    new Option("--server-flag <flag...>", "more for the server, such as name=value").default([]),
    ...timeOptions,
  ],
  quick: [["--quick"]],
  run: async (values, context) => {
    const options = values as unknown as TenantsOptions;
    const times = timesOf(options);
    const [quiet, noisy] = [randomUUID(), randomUUID()];
    const place = await openStorePlace(options.store);
    const generators = [new GeneratorProcess(), new GeneratorProcess()] as const;
    let server: ServerProcess | undefined;
    try {
      server = await ServerProcess.start([
        ...serverArguments(place.store),
        ...(options.limitFlag === false ? [] : [options.limitFlag, String(options.limit)]),
        ...options.serverFlag.map((flag) => `--${flag.replace(/^--/, "")}`),
      ]);
      const { address, pid: serverPid } = server;
      let jobs = 0;
      const job = (tenant: string, rate: number): LoadJob => ({
        ...{ address, serverPid, rate, tag: ++jobs },
        request: createAppendRequest({
          ...{ events: 1, dataBytes: 256, streams: 10_000 },
          tenants: [tenant],
        }),
        ...{ inFlight: 1_000, connections: 4 },
        warmUpMs: times.warmUpSeconds * 1000,
        measureMs: times.seconds * 1000,
      });
      const rounds: Round[] = [];
      for (let i = 1; i <= times.repetitions; i++) {
        const alone = await generators[0].run(job(quiet, options.rate), context);
        const [beside, noiseMade] = await together(generators, context.signal, [
          job(quiet, options.rate),
          { ...job(noisy, options.limit * noise), mayRefuse: true, abandon: true },
        ]);
        rounds.push({ alone, beside, noisy: noiseMade });
        context.progress(`${i}/${times.repetitions}`);
      }
      const appends = rounds.flatMap(({ alone, beside }) => [alone, beside]);
      const acknowledged = appends.reduce((sum, each) => sum + each.acknowledged, 0);
      await assertLogHeads(address, [quiet], BigInt(acknowledged));
      return reportTenants({
        suite: "tenants",
        machine: readMachine(),
        store: { name: options.store, durability: place.durability, disk: place.disk },
        load: {
          ...{ rate: options.rate, limit: options.limit, noisyRate: options.limit * noise },
          limitFlag: options.limitFlag === false ? undefined : options.limitFlag,
          ...times,
        },
        rounds,
      });
    } finally {
      for (const generator of generators) generator.stop();
      await server?.stop();
      await place.close();
    }
  },
};

/** Both at the same time, each by a generator of its own. */
function together(
  generators: readonly [GeneratorProcess, GeneratorProcess],
  signal: AbortSignal,
  jobs: readonly [LoadJob, LoadJob],
): Promise<[LoadResult, LoadResult]> {
  return Promise.all([
    generators[0].run(jobs[0], { signal }),
    generators[1].run(jobs[1], { signal }),
  ]);
}
