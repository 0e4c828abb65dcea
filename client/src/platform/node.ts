import type { Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { SessionTimes } from "./http2-session.js";
import { Http2Sessions } from "./http2-sessions.js";
import type { OpenTransport } from "./platform.js";

// What Node gives. In a bundle for browsers, browser.ts stands in its place (package.json, "imports").

export { AsyncLocalStorage as ContextStorage } from "node:async_hooks";

/** Whether the requests of a call can be streamed. */
export function streamsRequests(): boolean {
  return true;
}

/** Reads parts of bytes as UTF-8. */
export function textReader(bytes: Uint8Array): (start: number, end: number) => string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (start, end) => buffer.toString("utf8", start, end);
}

const times: SessionTimes = {
  openTimeoutMs: 20_000,
  pingIntervalMs: 30_000,
  pingTimeoutMs: 15_000,
  idleTimeoutMs: 15 * 60_000,
};

/** gRPC over one HTTP/2 connection, opened when it is first used and again when it was lost. */
export function openTransport(origin: string, interceptors: Interceptor[]): OpenTransport {
  const sessionManager = new Http2Sessions(origin, times);
  return {
    transport: createGrpcTransport({ baseUrl: origin, sessionManager, interceptors }),
    close: () => {
      sessionManager.close();
    },
  };
}
