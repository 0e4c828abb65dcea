import type { Http2Server } from "node:http2";
import { setTimeout } from "node:timers/promises";
import {
  type MethodDefinition,
  Server,
  type ServerCredentials,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Interceptor } from "../../interceptors/interceptor.js";
import { nameOfRpc, type Rpc } from "../rpc.js";
import { keepStreamsInTable } from "../stream-table.js";
import { bidiStreamingHandler } from "./bidi-streaming.js";
import { addHealth } from "./health.js";
import { OpenCalls } from "./open-calls.js";
import { addReflection } from "./reflection.js";
import { serverStreamingHandler } from "./server-streaming.js";
import { unaryHandler } from "./unary.js";

/** What callers are told to wait when the server stops. */
const retryAfterMs = 1_000;

/** Time for answers to reach their callers once every call is answered; one may not be reading. */
const flushMs = 1_000;

/** A connection that does not answer a ping in so long is dead. */
const keepaliveTimeoutMs = 20_000;

/** How the gRPC port is served. */
export interface GrpcServerOptions {
  /** "host:port"; port 0 takes a free one. */
  readonly address: string;
  /** Largest request, in bytes; a larger one is refused by grpc-js with RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes: number;
  /** Most calls under way on one connection; the others wait at the client (HTTP/2). */
  readonly maxConcurrentStreams: number;
  /** Plaintext, or TLS (tls-credentials.ts). */
  readonly credentials: ServerCredentials;
  /** Whether grpc.reflection is served. */
  readonly reflection: boolean;
  /** After how long a streaming call is ended whose caller takes nothing that it is sent, in milliseconds. */
  readonly stallTimeoutMs: number;
  /** How often a silent connection is pinged, in milliseconds. */
  readonly keepaliveMs: number;
}

/** The gRPC port. */
export interface GrpcServer {
  /** "host:port" as bound. */
  readonly address: string;
  /** What grpc.health.v1.Health answers, for the server as a whole and for each service. */
  setServing(serving: boolean): void;
  /**
   * Takes no new call, ends streams with UNAVAILABLE and waits for the calls under way; when the
   * time is up, cuts them off.
   *
   * @returns false when calls had to be cut off
   */
  stop(timeoutMs: number): Promise<boolean>;
}

/** Listens, and serves the RPCs through the chain, with health and reflection beside them. */
export async function listenGrpc(
  rpcs: readonly Rpc[],
  chain: readonly Interceptor[],
  options: GrpcServerOptions,
): Promise<GrpcServer> {
  const openCalls = new OpenCalls();
  const server = new Server({
    "grpc.max_receive_message_length": options.maxMessageBytes,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": options.maxConcurrentStreams,
    "grpc.keepalive_time_ms": options.keepaliveMs,
    "grpc.keepalive_timeout_ms": keepaliveTimeoutMs,
  });
  const definition: Record<string, MethodDefinition<Buffer, Uint8Array>> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const rpc of rpcs) {
    definition[nameOfRpc(rpc)] = {
      path: `/${nameOfRpc(rpc)}`,
      requestStream: rpc.kind === "bidi_streaming",
      responseStream: rpc.kind !== "unary",
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asBuffer,
      responseDeserialize: asIs,
    };
    implementation[nameOfRpc(rpc)] = handlerOf(rpc, chain, openCalls, options.stallTimeoutMs);
  }
  server.addService(definition, implementation);

  const services = [...new Set(rpcs.map((rpc) => rpc.method.parent.typeName))];
  const setServing = addHealth(server, services);
  if (options.reflection) {
    addReflection(server, [...new Set(rpcs.map((rpc) => rpc.method.parent.file))]);
  }

  const port = await bind(server, options.address, options.credentials);
  for (const http2 of http2ServersOf(server)) http2.on("session", keepStreamsInTable);
  const host = options.address.slice(0, options.address.lastIndexOf(":"));
  return {
    address: `${host}:${port}`,
    setServing,
    stop: (timeoutMs) => stop(server, openCalls, timeoutMs),
  };
}

function handlerOf(
  rpc: Rpc,
  chain: readonly Interceptor[],
  openCalls: OpenCalls,
  stallTimeoutMs: number,
): UntypedHandleCall {
  switch (rpc.kind) {
    case "unary":
      return unaryHandler(rpc, chain, openCalls);
    case "server_streaming":
      return serverStreamingHandler(rpc, chain, openCalls, stallTimeoutMs);
    case "bidi_streaming":
      return bidiStreamingHandler(rpc, chain, openCalls, stallTimeoutMs);
    default:
      return rpc satisfies never;
  }
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error)
        reject(new Error(`cannot listen on ${address}: ${error.message}`, { cause: error }));
      else resolve(port);
    });
  });
}

/** What grpc-js listens with, which it keeps to itself. */
function http2ServersOf(server: Server): Iterable<Http2Server> {
  const inner = server as unknown as { readonly http2Servers?: ReadonlyMap<Http2Server, unknown> };
  return inner.http2Servers?.keys() ?? [];
}

async function stop(server: Server, openCalls: OpenCalls, timeoutMs: number): Promise<boolean> {
  const closed = new Promise<"closed">((resolve) => {
    server.tryShutdown(() => {
      resolve("closed");
    });
  });
  openCalls.endStreams(retryAfterMs);
  const answered = openCalls.idle().then(() => setTimeout(flushMs, undefined, { ref: false }));
  const timeUp = setTimeout(timeoutMs, undefined, { ref: false });
  if ((await Promise.race([closed, answered, timeUp])) === "closed") return true;
  server.forceShutdown();
  return false;
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
