import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Metrics } from "./metrics.js";

/** How long a scraper may take to ask, in milliseconds. */
const requestMs = 10_000;

/** Scrapers that may be connected at once. */
const maxConnections = 32;

/** A port that serves GET /metrics, and nothing else. */
export interface MetricsPort {
  /** "host:port" as bound. */
  readonly address: string;
  /** Cuts off who is connected. */
  close(): Promise<void>;
}

/**
 * Opens it, without TLS and without a credential: what is told there names no tenant.
 *
 * @param address "host:port"; port 0 takes a free one
 */
export async function openMetricsPort(metrics: Metrics, address: string): Promise<MetricsPort> {
  const server = createServer({ requestTimeout: requestMs, headersTimeout: requestMs });
  server.maxConnections = maxConnections;
  server.on("request", (request, response) => {
    answer(metrics, request, response).catch(() => response.destroy());
  });
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon);
  server.listen(Number(address.slice(colon + 1)), host.replace(/^\[(.*)\]$/, "$1"));
  await once(server, "listening").catch((error: unknown) => {
    throw new Error(`cannot listen on ${address}: ${String(error)}`, { cause: error });
  });
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  metrics: Metrics,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (url?.split("?", 1)[0] !== "/metrics") response.writeHead(404).end();
  else if (method !== "GET" && method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
  } else {
    const text = await metrics.text();
    response.writeHead(200, { "content-type": metrics.contentType, "cache-control": "no-store" });
    response.end(text);
  }
}
