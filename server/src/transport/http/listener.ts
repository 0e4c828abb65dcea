import { once } from "node:events";
import {
  createServer as createHttp1,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import {
  createServer as createHttp2,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { keepStreamsInTable } from "../stream-table.js";
import type { Tls } from "../tls.js";
import { keepAlive } from "./keepalive.js";

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** How long a connection may take to say its first word, and an HTTP/1.1 request its headers, in milliseconds. */
const firstWordMs = 10_000;

/** How often that is looked at, in milliseconds. */
const headersCheckMs = 5_000;

/** How a port is opened. */
export interface ListenerOptions {
  /** "host:port"; port 0 takes a free one. */
  readonly address: string;
  /** Most requests under way on one HTTP/2 connection; the others wait at the client. */
  readonly maxConcurrentStreams: number;
  /** How often a connection is probed: HTTP/2 by pings, HTTP/1.1 by TCP, in milliseconds. */
  readonly keepaliveMs: number;
  /** Undefined: plaintext. */
  readonly tls: Tls | undefined;
}

/** A port that speaks HTTP/1.1 and HTTP/2: with TLS as ALPN has it, without by prior knowledge (h2c). */
export interface Listener {
  /** "host:port" as bound. */
  readonly address: string;
  /** Takes no new connection and ends each when its requests are answered; resolves when all are gone. */
  close(): Promise<void>;
  /** Cuts off the connections that are left. */
  destroy(): void;
}

/** Opens a port, and hands each request to `handle`. */
export async function listen(
  handle: (request: NodeRequest, response: NodeResponse) => void,
  options: ListenerOptions,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let closing = false;

  const http2 = createHttp2({ settings: { maxConcurrentStreams: options.maxConcurrentStreams } });
  http2.on("request", handle);
  http2.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    keepStreamsInTable(session);
    keepAlive(session, options.keepaliveMs);
    if (closing) session.close();
  });

  const { server: http1, connected } = createHttp1Server(options);
  http1.on("request", (request, response) => {
    response.on("finish", () => {
      if (closing) request.socket.destroySoon();
    });
    handle(request, response);
  });
  // Which of the two a connection speaks shows in its first bytes.
  const [asHttp1] = http1.listeners(connected) as ((this: typeof http1, to: Socket) => void)[];
  http1.removeAllListeners(connected);
  http1.prependListener("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  http1.on(connected, (socket: Socket) => {
    undecided.add(socket);
    socket.on("close", () => undecided.delete(socket));
    speaksHttp2(socket, (yes) => {
      undecided.delete(socket);
      if (yes) {
        socket.allowHalfOpen = false; // who ends an HTTP/2 connection is gone
        http2.emit("connection", socket);
      } else asHttp1?.call(http1, socket);
    });
  });

  const colon = options.address.lastIndexOf(":");
  const host = options.address.slice(0, colon);
  http1.listen(Number(options.address.slice(colon + 1)), host.replace(/^\[(.*)\]$/, "$1"));
  await once(http1, "listening").catch((error: unknown) => {
    throw new Error(`cannot listen on ${options.address}: ${String(error)}`, { cause: error });
  });
  return {
    address: `${host}:${(http1.address() as AddressInfo).port}`,
    close: () => {
      closing = true;
      for (const socket of undecided) socket.destroy();
      for (const session of sessions) session.close();
      return new Promise((resolve) => {
        http1.close(() => {
          resolve();
        });
      });
    },
    destroy: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The server of HTTP/1.1, and its event of a connection that is ready to be read from. */
function createHttp1Server({ keepaliveMs, tls }: ListenerOptions): {
  server: Server;
  connected: "connection" | "secureConnection";
} {
  const options = {
    keepAlive: true,
    keepAliveInitialDelay: keepaliveMs,
    headersTimeout: firstWordMs,
    connectionsCheckingInterval: headersCheckMs,
  };
  if (!tls) return { server: createHttp1(options), connected: "connection" };
  const server = createHttps({
    ...options,
    ...tls.options,
    handshakeTimeout: firstWordMs,
    requestCert: tls.clientCertificate,
    rejectUnauthorized: tls.clientCertificate,
    ALPNProtocols: ["h2", "http/1.1"],
  });
  tls.onReload((renewed) => {
    server.setSecureContext(renewed);
  });
  return { server, connected: "secureConnection" };
}

/** Looks at the first bytes of a connection and puts them back. One that sends none is closed. */
function speaksHttp2(socket: Socket, then: (yes: boolean) => void): void {
  const giveUp = (): void => {
    socket.destroy();
  };
  const look = (): void => {
    const start = socket.read(3) as Buffer | null; // null: not so many yet
    if (!start) return;
    socket.off("readable", look).off("end", giveUp).off("timeout", giveUp).setTimeout(0);
    socket.unshift(start);
    then(start.toString("latin1") === "PRI"); // RFC 9113, section 3.4
  };
  socket.on("error", giveUp);
  socket.on("readable", look).on("end", giveUp).on("timeout", giveUp).setTimeout(firstWordMs);
}
