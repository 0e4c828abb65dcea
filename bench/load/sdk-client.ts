import {
  AggregateRepository,
  AggregateRoot,
  type Annals,
  connect,
  defineEvent,
  defineProjection,
  type EventOf,
  on,
} from "@annals/client";
import { z } from "zod";
import { runCallLoop } from "./call-loop.js";
import { startCpuMeter } from "./cpu-meter.js";
import { Histogram } from "./histogram.js";
import type { LoadResult } from "./load-job.js";
import { peakRssBytesOf } from "./process-memory.js";
import type { SdkJob } from "./sdk-job.js";

// A program of the SDK: takes one job from its parent, answers it with an SdkResult, and ends.

const OrderPlaced = defineEvent({
  type: "OrderPlaced",
  aggregateType: "Order",
  schema: z.object({ customer: z.string(), total: z.string(), note: z.string() }),
});
const note = "x".repeat(200);

process.once("message", (job: SdkJob) => {
  void (async () => {
    const result = await run(job);
    process.send?.({ ...result, clientPeakRssBytes: peakRssBytesOf(process.pid) });
    process.disconnect();
  })();
});

async function run(job: SdkJob): Promise<LoadResult> {
  const { address, tenant } = job;
  const appends = job.kind === "append" ? job.appends : "unary";
  const client = connect({ address, tenant, events: [OrderPlaced], appends });
  try {
    switch (job.kind) {
      case "append":
        return await runCallLoop(job.load, () => appendOne(client), job);
      case "catch-up":
        return await catchUp(client, job);
      case "load aggregates":
        return await loadAggregates(client, job);
    }
  } finally {
    await client.close();
  }
}

function appendOne(client: Annals): Promise<unknown> {
  const stream = {
    aggregateType: "Order",
    aggregateId: `order-${Math.floor(Math.random() * 1e4)}`,
  };
  const events = [OrderPlaced.create({ customer: "c-4711", total: "100.00", note })];
  return client.append({ stream, expected: "any", events });
}

async function catchUp(client: Annals, { serverPid }: SdkJob): Promise<LoadResult> {
  let orders = 0;
  const projection = defineProjection({
    handlers: [
      on(OrderPlaced, ({ data }) => {
        if (data.customer !== "") orders++;
      }),
    ],
    truncate: () => undefined,
  });
  const cpuUsed = startCpuMeter(serverPid);
  const started = performance.now();
  for await (const event of client.readAll()) await projection.handle(event);
  const seconds = (performance.now() - started) / 1000;
  const latency = new Histogram();
  latency.record(seconds * 1e6);
  return {
    ...{ seconds, calls: orders, acknowledged: orders, refused: 0, cpu: cpuUsed() },
    latency: latency.toCounts(),
    serverPeakRssBytes: peakRssBytesOf(serverPid),
  };
}

class Order extends AggregateRoot<number, EventOf<typeof OrderPlaced>> {
  readonly aggregateType = "Order";

  protected initialState(): number {
    return 0;
  }

  protected apply(state: number): number {
    return state + 1;
  }
}

/** With snapshots: the snapshot and the event that is its last. Without: whole streams. */
async function loadAggregates(
  client: Annals,
  job: Extract<SdkJob, { kind: "load aggregates" }>,
): Promise<LoadResult> {
  const orders = new AggregateRepository({
    annals: client,
    create: (id) => new Order(id),
    ...(job.snapshots && { snapshots: { schema: z.number() } }),
  });
  const idOf = (n: number): string => `order-${n.toString(16).padStart(8, "0")}`;
  if (job.snapshots) {
    for (let n = 0; n < job.aggregates; n++) {
      await orders.saveSnapshot(await orders.load(idOf(n)));
    }
  }
  let next = 0;
  const load = async (): Promise<void> => {
    const order = await orders.load(idOf(next++ % job.aggregates));
    if (BigInt(order.state) !== order.version) throw new Error(`${order.aggregateId} is not whole`);
  };
  return runCallLoop(job.load, load, job);
}
