import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { connect } from "@annals/client";
import { expect, test, vi } from "vitest";
import { OrderPlaced } from "../support/orders.js";
import { newTenant } from "../support/server.js";
import { startServerProcess } from "../support/server-process.js";

const stream = { aggregateType: "Order", aggregateId: "1" };
const placed = () => OrderPlaced.create({ customerName: "Ann", totalAmount: 1 });
const newTraceparent = () => `00-${randomBytes(16).toString("hex")}-${"1".repeat(16)}-01`;

test("each call belongs to the trace of who makes it, but one that many share", async () => {
  const server = await startServerProcess(["--store=memory:", "--log-level=debug"]);
  const current = new AsyncLocalStorage<string>();
  const options = {
    ...{ address: server.address, tenant: newTenant() },
    traceparent: () => current.getStore(),
  };
  const traced = newTraceparent();
  const append = { stream, expected: "any", events: [placed()] } as const;
  await using unary = connect({ ...options, appends: "unary" });
  await using pipelined = connect(options);
  await current.run(traced, () => unary.append(append));
  await current.run(traced, () => unary.read(stream).toArray());
  await unary.getHead();
  await Promise.all(
    [newTraceparent(), newTraceparent()].map((one) =>
      current.run(one, () => pipelined.append({ ...append, events: [placed()] })),
    ),
  );
  await pipelined.close();

  await vi.waitFor(() => {
    const calls = server.log.filter(({ msg }) => msg === "call");
    const traceId = traced.split("-")[1];
    expect(calls.map(({ method, traceId }) => [method, traceId])).toEqual([
      ["annals.v1.EventStore/Append", traceId],
      ["annals.v1.EventStore/Read", traceId],
      ["annals.v1.EventStore/GetHead", undefined],
      ["annals.v1.EventStore/AppendStream", undefined], // one for both
    ]);
  }, 10_000);
  expect(await server.end("SIGTERM")).toBe(0);
});

test.each([
  ["throws", () => expect.fail("no trace")],
  ["gives what no header can hold", () => "00-\n"],
])("a provider of traces that %s stands in no call's way", async (_, traceparent) => {
  const server = await startServerProcess(["--store=memory:", "--log-level=debug"]);
  await using annals = connect({ address: server.address, tenant: newTenant(), traceparent });
  expect((await annals.getHead()).position).toBe(0n);
  expect(await server.end("SIGTERM")).toBe(0);
});
