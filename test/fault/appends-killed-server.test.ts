import { join } from "node:path";
import { connect, defineEvent } from "@annals/client";
import { expect, test } from "vitest";
import { z } from "zod";
import { newTenant } from "../support/server.js";
import { startServerProcess } from "../support/server-process.js";
import { tempFolder } from "../support/temp-folder.js";

const Counted = defineEvent({
  type: "Counted",
  aggregateType: "Counter",
  schema: z.object({ n: z.number() }),
});
const streams = 10;
const perStream = 200;

test("appends over a server that is killed (-9) twice in the middle: each is there once, in order", async () => {
  const store = `--store=sqlite:${join(tempFolder(), "log.db")}`;
  let server = await startServerProcess([store]);
  const { address } = server;
  await using annals = connect({ address, tenant: newTenant(), appends: "pipelined" });
  const appends = Array.from({ length: streams * perStream }, (_, index) => {
    const n = Math.floor(index / streams);
    const stream = { aggregateType: "Counter", aggregateId: String(index % streams) };
    return annals.append({ stream, expected: BigInt(n), events: [Counted.create({ n })] });
  });
  const all = Promise.all(appends);
  for (const middle of [300, 1_100]) {
    await appends[middle];
    expect(await server.end("SIGKILL")).toBe("SIGKILL");
    server = await startServerProcess([store, `--grpc-address=${address}`]);
  }
  const results = await all;
  expect(new Set(results.map(({ lastPosition }) => lastPosition)).size).toBe(streams * perStream);
  const events = await annals.readAll().toArray();
  expect(events).toHaveLength(streams * perStream);
  const expected = Array.from({ length: perStream }, (_, n) => ({ n }));
  for (let id = 0; id < streams; id++) {
    const own = events.filter(({ aggregateId }) => aggregateId === String(id));
    expect(own.map(({ data }) => data)).toEqual(expected);
  }
  await annals.close();
  expect(await server.end("SIGTERM")).toBe(0);
}, 90_000);
