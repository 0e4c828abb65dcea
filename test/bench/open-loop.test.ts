import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Histogram } from "#bench/load/histogram.js";
import type { LoadJob } from "#bench/load/load-job.js";
import { runOpenLoop } from "#bench/load/open-loop.js";

const answerMs = 20;

/** A gRPC server that answers each call so much later, with a status. */
async function startServer(statusOf: (call: number) => string): Promise<string> {
  const server = createServer();
  let calls = 0;
  server.on("stream", (stream: ServerHttp2Stream) => {
    const status = statusOf(calls++);
    stream.resume().once("end", () => {
      setTimeout(() => {
        stream.respond({ ":status": 200 }, { waitForTrailers: true });
        stream.once("wantTrailers", () => {
          stream.sendTrailers({ "grpc-status": status });
        });
        stream.end(Buffer.alloc(5));
      }, answerMs);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const job = (address: string): LoadJob => ({
  address,
  request: {
    path: "/x.Y/Z",
    metadata: [[]],
    message: Buffer.from("x"),
    uuidOffsets: [],
    picks: [],
  },
  ...{ inFlight: 1, connections: 1, warmUpMs: 0, measureMs: 100 },
  ...{ serverPid: process.pid, tag: 1 },
});

test("at a fixed rate, latency counts from when a call was due, also where it could not be sent", async () => {
  const address = await startServer(() => "0");
  const result = await runOpenLoop(job(address), 500);
  expect(result.calls).toBe(50);
  expect(result.acknowledged).toBe(50);
  // One in flight: the last call, due after 98 ms, waits for 49 others. Timers fire late, never early
  // by more than a millisecond.
  const slowest = new Histogram(result.latency).quantile(1) / 1000;
  expect(slowest).toBeGreaterThan(50 * (answerMs - 1) - 98);
});

test("a refusal is counted where it is allowed, and an error where it is not", async () => {
  const odd = (call: number): string => (call % 2 === 0 ? "0" : "8");
  const address = await startServer(odd);
  const refusable = { ...job(address), mayRefuse: true };
  const result = await runOpenLoop(refusable, 100);
  expect(result.acknowledged).toBe(5);
  expect(result.refused).toBe(5);
  await expect(runOpenLoop(job(await startServer(odd)), 100)).rejects.toThrow("RESOURCE_EXHAUSTED");
});
