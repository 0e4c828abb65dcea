import { createClient } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import type { AnnalsServer } from "#server/compose.js";
import {
  appendTo,
  connectJsonTransport,
  connectTransport,
  grpcTransport,
  grpcWebTransport,
  newEvent,
  readAll,
} from "./support/client.js";
import { newTenant, startTestServer } from "./support/server.js";
import { startServerProcess } from "./support/server-process.js";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parentId = "b7ad6b7169203331";

const headers: Record<string, string | undefined> = {
  [`00-${traceId}-${parentId}-01`]: traceId,
  [`01-${traceId}-${parentId}-00-what a later version adds`]: traceId,
  [`00-${traceId}-${parentId}-01-more`]: undefined,
  [`ff-${traceId}-${parentId}-01`]: undefined,
  [`00-${traceId.toUpperCase()}-${parentId}-01`]: undefined,
  [`00-${"0".repeat(32)}-${parentId}-01`]: undefined,
  [`00-${traceId}-${"0".repeat(16)}-01`]: undefined,
  [`00-${traceId}`]: undefined,
  "": undefined,
};

test("the trace that a call belongs to is in its log line, on every transport", async () => {
  const server = await startServerProcess(["--store=memory:", "--log-level=debug"]);
  const transports = [
    [grpcTransport, server.address],
    [grpcTransport, server.httpAddress],
    [grpcWebTransport, server.httpAddress],
    [connectTransport, server.httpAddress],
    [connectJsonTransport, server.httpAddress],
  ] as const;
  const expected: (string | undefined)[] = [];
  for (const [open, address] of transports) {
    for (const [traceparent, logged] of Object.entries(headers)) {
      const metadata = { "x-tenant-id": newTenant(), traceparent };
      await createClient(EventStore, open(address, metadata)).getHead({});
      expected.push(logged);
    }
  }
  await vi.waitFor(() => {
    const calls = server.log.filter(({ msg }) => msg === "call");
    expect(calls.map((line) => line["traceId"])).toEqual(expected);
  }, 10_000);
  expect(await server.end("SIGTERM")).toBe(0);
});

test.each([
  ["gRPC", grpcTransport, (server: AnnalsServer) => server.grpcAddress],
  ["gRPC-Web", grpcWebTransport, (server: AnnalsServer) => server.httpAddress ?? ""],
  ["Connect", connectTransport, (server: AnnalsServer) => server.httpAddress ?? ""],
  ["Connect JSON", connectJsonTransport, (server: AnnalsServer) => server.httpAddress ?? ""],
])("%s: asked to, a server keeps the trace with the events that have none", async (_, open, at) => {
  await using server = await startTestServer({ storeTraceparent: "true" });
  await using without = await startTestServer();
  const traceparent = `00-${traceId}-${parentId}-01`;
  const full = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, "v"]));
  const events = [
    newEvent({ metadata: { user: "u-1" } }),
    newEvent({ metadata: { traceparent: "its own" } }),
    newEvent({ metadata: full }),
  ];
  const kept = async (to: AnnalsServer, sent: string) => {
    const metadata = { "x-tenant-id": newTenant(), traceparent: sent };
    const client = createClient(EventStore, open(at(to), metadata));
    await client.append(appendTo("1", undefined, events));
    return (await readAll(client)).map((event) => event.metadata);
  };
  expect(await kept(server, traceparent)).toEqual([
    { user: "u-1", traceparent },
    { traceparent: "its own" },
    full,
  ]);
  const asSent = events.map(({ metadata }) => metadata);
  expect(await kept(server, "rubbish")).toEqual(asSent);
  expect(await kept(without, traceparent)).toEqual(asSent);
});
