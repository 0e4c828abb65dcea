// Appends 10,000 times in one tick, closes and ends by itself: node append-and-exit.mjs ADDRESS TENANT.
import { connect, defineEvent } from "@annals/client";
import { z } from "zod";

const [address, tenant] = process.argv.slice(2);
const Counted = defineEvent({ type: "Counted", aggregateType: "Counter", schema: z.object({}) });
const annals = connect({ address, tenant, appends: "pipelined" });
const appends = Array.from({ length: 10_000 }, (_, index) =>
  annals.append({
    stream: { aggregateType: "Counter", aggregateId: String(index % 100) },
    expected: BigInt(Math.floor(index / 100)),
    events: [Counted.create({})],
  }),
);
const outcomes = await Promise.allSettled(appends);
await annals.close();
console.log(outcomes.filter(({ status }) => status === "fulfilled").length);
