import { setTimeout } from "node:timers/promises";
import { connect, defineEvent } from "@annals/client";
import { z } from "zod";
import { Histogram } from "./histogram.js";

const Ticked = defineEvent({
  type: "Ticked",
  aggregateType: "Clock",
  schema: z.object({ at: z.number(), note: z.string() }),
});

/** What to send. */
export interface DeliveryJob {
  /** "host:port". */
  readonly address: string;
  readonly tenant: string;
  /** Appends of one event in a second, at a fixed rate whatever the answers do. */
  readonly rate: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** Microseconds from when an append was due, as histograms. */
export interface Delivery {
  /** Until it was answered. */
  readonly answered: Float64Array;
  /** Until a follower had its event, decoded and checked. */
  readonly delivered: Float64Array;
}

/** Appends and follows by the SDK, in this process. */
export async function measureDelivery({
  address,
  tenant,
  rate,
  seconds,
  warmUpSeconds,
}: DeliveryJob): Promise<Delivery> {
  const client = connect({ address, tenant, events: [Ticked] });
  const [answered, delivered] = [new Histogram(), new Histogram()];
  const total = Math.round(rate * (seconds + warmUpSeconds));
  const note = "x".repeat(200);
  let live = (): void => undefined;
  const isLive = new Promise<void>((resolve) => (live = resolve));
  const following = (async () => {
    let seen = 0;
    for await (const { events, mark } of client.readAll({ follow: true }).pages()) {
      if (mark === "caught_up") live();
      const now = performance.now();
      for (const event of events) {
        const { at } = event.data as { at: number };
        if (seen >= rate * warmUpSeconds) delivered.record((now - at) * 1000);
        if (++seen === total) return;
      }
    }
  })();
  await Promise.race([isLive, following]);
  const started = performance.now();
  const appends: Promise<unknown>[] = [];
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * rate) + 1);
    for (; sent < due; sent++) {
      const at = started + (sent * 1000) / rate;
      const stream = { aggregateType: "Clock", aggregateId: `clock-${sent % 100}` };
      const events = [Ticked.create({ at, note })];
      const warm = sent >= rate * warmUpSeconds;
      const append = client.append({ stream, expected: "any", events }).then(() => {
        if (warm) answered.record((performance.now() - at) * 1000);
      });
      appends.push(append);
    }
    await setTimeout(1);
  }
  await Promise.all(appends);
  await following;
  await client.close();
  return { answered: answered.toCounts(), delivered: delivered.toCounts() };
}
