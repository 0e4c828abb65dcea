import { setTimeout } from "node:timers/promises";
import type { Interceptor } from "../../interceptors/interceptor.js";
import { OpenCalls } from "../grpc/open-calls.js";
import { nameOfRpc, type Rpc } from "../rpc.js";
import { answerCors } from "./cors.js";
import { HealthService } from "./health.js";
import {
  listen,
  type Listener,
  type ListenerOptions,
  type NodeRequest,
  type NodeResponse,
} from "./listener.js";
import { createRpcHandler } from "./rpc-handler.js";

/** What callers are told to wait when the server stops. */
const retryAfterMs = 1_000;

/** Time for answers to reach their callers once every call is answered; one may not be reading. */
const flushMs = 1_000;

/** How the HTTP port is served. */
export interface HttpServerOptions extends ListenerOptions {
  /** Origins whose pages may call; "*" is every one. */
  readonly corsOrigins: readonly string[];
  /** After how long a streaming call is cut off whose caller takes nothing that it is sent, in milliseconds. */
  readonly stallTimeoutMs: number;
}

/** The HTTP port: Connect, gRPC-Web and gRPC, and health for load balancers. */
export interface HttpServer {
  /** "host:port" as bound. */
  readonly address: string;
  /** What GET /readyz answers: 200, or 503. */
  setServing(serving: boolean): void;
  /**
   * Takes no new connection, ends streams with UNAVAILABLE and waits for the calls under way; when
   * the time is up, cuts them off.
   *
   * @returns false when calls had to be cut off
   */
  stop(timeoutMs: number): Promise<boolean>;
}

/** Listens, and serves the RPCs through the chain. */
export async function listenHttp(
  rpcs: readonly Rpc[],
  chain: readonly Interceptor[],
  options: HttpServerOptions,
): Promise<HttpServer> {
  const openCalls = new OpenCalls();
  const service = { chain, openCalls, stallTimeoutMs: options.stallTimeoutMs };
  const health = new HealthService([...new Set(rpcs.map((rpc) => rpc.method.parent.typeName))]);
  const handlers = new Map([
    ...rpcs.map((rpc) => [`/${nameOfRpc(rpc)}`, createRpcHandler(service, rpc)] as const),
    ...health.handlers,
  ]);
  let serving = false;
  const handle = (request: NodeRequest, response: NodeResponse): void => {
    const path = request.url?.split("?", 1)[0] ?? "";
    if (path === "/healthz") {
      answer(response, 200, "ok");
      return;
    }
    if (path === "/readyz") {
      answer(response, serving ? 200 : 503, serving ? "ok" : "the store does not answer");
      return;
    }
    if (answerCors(request, response, options.corsOrigins)) return;
    const handler = handlers.get(path);
    if (!handler) answer(response, 404, "there is no such method");
    else if (request.method !== "POST") answer(response, 405, "call it with POST");
    else handler(request, response).catch(() => response.destroy());
  };
  const listener = await listen(handle, options);
  return {
    address: listener.address,
    setServing: (now) => {
      serving = now;
      health.setServing(now);
    },
    stop: (timeoutMs) => {
      health.stop();
      return stop(listener, openCalls, timeoutMs);
    },
  };
}

function answer(response: NodeResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain", "cache-control": "no-store" });
  response.end(`${text}\n`);
}

async function stop(listener: Listener, openCalls: OpenCalls, timeoutMs: number): Promise<boolean> {
  const closed = listener.close().then(() => "closed" as const);
  openCalls.endStreams(retryAfterMs);
  const answered = openCalls.idle().then(() => setTimeout(flushMs, undefined, { ref: false }));
  const timeUp = setTimeout(timeoutMs, undefined, { ref: false });
  if ((await Promise.race([closed, answered, timeUp])) === "closed") return true;
  listener.destroy();
  return false;
}
