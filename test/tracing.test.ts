import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { json } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { createClient } from "@connectrpc/connect";
import { SpanStatusCode } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { expect, test } from "vitest";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import type { Failure } from "#server/domain/error.js";
import type { Call } from "#server/interceptors/call.js";
import { CallTracer } from "#server/telemetry/call-tracer.js";
import {
  appendTo,
  connectTransport,
  grpcTransport,
  noStream,
  type OpenTransport,
  readAll,
} from "./support/client.js";
import { newTenant } from "./support/server.js";
import { startServerProcess } from "./support/server-process.js";

interface Span {
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code?: number };
  readonly attributes: readonly {
    readonly key: string;
    readonly value: { readonly stringValue: string };
  }[];
}

interface Export {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

/** A collector that keeps the spans it is sent, as OTLP over HTTP has them. */
async function startCollector() {
  const spans: Span[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      for (const { scopeSpans } of (body as Export).resourceSpans) {
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { spans, endpoint: `http://127.0.0.1:${port}`, [Symbol.dispose]: close };
}

test("with an OpenTelemetry SDK in the process every call is a span in its caller's trace, and none is lost at a stop", async () => {
  using collector = await startCollector();
  const server = await startServerProcess(["--store=memory:"], {
    NODE_OPTIONS: `--import ${pathToFileURL("examples/tracing.mjs").href}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
  });
  const tenant = newTenant();
  const [traceId, parentId] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
  const clientOver = (open: OpenTransport, address: string) => {
    const metadata = { "x-tenant-id": tenant, traceparent: `00-${traceId}-${parentId}-01` };
    return createClient(EventStore, open(address, metadata));
  };
  const client = clientOver(grpcTransport, server.address);
  await client.append(appendTo("1", noStream));
  await expect(client.append(appendTo("1", noStream))).rejects.toThrow();
  await readAll(clientOver(connectTransport, server.httpAddress));
  const alone = createClient(EventStore, grpcTransport(server.address, {}));
  await expect(alone.getHead({})).rejects.toThrow();
  expect(await server.end("SIGTERM")).toBe(0);

  const { spans } = collector;
  const attributesOf = ({ attributes }: Span) =>
    Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
  expect(spans.map((span) => [span.name, attributesOf(span)["annals.outcome"]])).toEqual([
    ["annals.v1.EventStore/Append", "ok"],
    ["annals.v1.EventStore/Append", "version_conflict"],
    ["annals.v1.EventStore/ReadAll", "ok"],
    ["annals.v1.EventStore/GetHead", "unauthenticated"],
  ]);
  expect(attributesOf(spans[0]!)).toMatchObject({
    "rpc.service": "annals.v1.EventStore",
    "rpc.method": "Append",
    "client.address": "127.0.0.1",
    "annals.tenant_id": tenant,
  });
  for (const span of spans.slice(0, 3)) {
    expect(span).toMatchObject({ traceId, parentSpanId: parentId, kind: 2 });
  }
  expect(spans[3]?.traceId).not.toBe(traceId);
  // A conflict and a missing credential are the callers'.
  for (const { status } of spans) expect(status.code ?? 0).toBe(0);
});

test("an error is what the server is to blame for", async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  expect(CallTracer.ofProcess()).toBeUndefined();
  provider.register();
  const tracer = CallTracer.ofProcess()!;
  const call = { method: "s/M", peer: "::1:5", requestId: "1", metadata: () => [] };
  const statusAfter = (reason: Failure["reason"] | undefined) => {
    tracer.callBegan(call as unknown as Call);
    tracer.callEnded(call as unknown as Call, reason);
    return exporter.getFinishedSpans().at(-1)?.status.code;
  };
  for (const reason of [undefined, "version_conflict", "limit_exceeded", "cancelled"] as const) {
    expect(statusAfter(reason)).toBe(SpanStatusCode.UNSET);
  }
  for (const reason of ["internal", "unavailable", "deadline_exceeded"] as const) {
    expect(statusAfter(reason)).toBe(SpanStatusCode.ERROR);
  }
  expect(exporter.getFinishedSpans()).toHaveLength(7);
  expect(exporter.getFinishedSpans()[0]?.attributes["client.address"]).toBe("::1");
  await provider.shutdown();
});

test("a collector that does not answer holds up neither calls nor a stop for long", async () => {
  const silent = createTcpServer((socket) => socket.on("error", () => undefined));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const server = await startServerProcess(["--store=memory:"], {
    NODE_OPTIONS: `--import ${pathToFileURL("examples/tracing.mjs").href}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: "500",
  });
  const client = createClient(
    EventStore,
    grpcTransport(server.address, { "x-tenant-id": newTenant() }),
  );
  for (let i = 0; i < 50; i++) await client.append(appendTo(`${i}`));
  let asked = false;
  silent.on("connection", () => (asked = true));
  expect(await server.end("SIGTERM")).toBe(0);
  expect(asked).toBe(true);
  silent.close();
});
