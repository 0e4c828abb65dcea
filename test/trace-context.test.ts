import { createClient } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import {
  connectJsonTransport,
  connectTransport,
  grpcTransport,
  grpcWebTransport,
} from "./support/client.js";
import { newTenant } from "./support/server.js";
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
  });
  expect(await server.end("SIGTERM")).toBe(0);
});
