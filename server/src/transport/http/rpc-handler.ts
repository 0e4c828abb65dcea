import { constants } from "node:http2";
import { createContextValues } from "@connectrpc/connect";
import {
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { Rpc } from "../rpc.js";
import { connectUnaryHandler, isConnectUnary } from "./connect-unary.js";
import { envelopedHandler } from "./enveloped.js";
import { exchangeKey, toExchange } from "./exchange.js";
import { isJson } from "./json.js";
import type { NodeRequest, NodeResponse } from "./listener.js";
import type { Service } from "./serve-call.js";
import { timeoutHeaders } from "./timeout.js";

/** Answers a request to one RPC. Rejects only when there is nobody to answer. */
export type RpcHandler = (request: NodeRequest, response: NodeResponse) => Promise<void>;

/** An RPC over HTTP, in whichever of the protocols it is called. */
export function createRpcHandler(service: Service, rpc: Rpc): RpcHandler {
  const inBinary = envelopedHandler(service, rpc, false);
  const inJson = envelopedHandler(service, rpc, true);
  const plain = rpc.kind === "unary" ? connectUnaryHandler(service, rpc) : undefined;
  return async (request, response) => {
    response.on("finish", () => {
      letGo(request);
    });
    const values = createContextValues();
    const universal = universalRequestFromNodeRequest(request, response, undefined, values);
    const exchange = toExchange(request, response, universal.signal);
    if (plain && isConnectUnary(exchange)) {
      const { status, headers, body } = await plain(exchange, request);
      response.writeHead(status, { ...headers, "content-length": body.byteLength });
      response.end(body);
      return;
    }
    values.set(exchangeKey, exchange);
    for (const name of timeoutHeaders) universal.header.delete(name); // the chain keeps the time
    // Only what truly streams both ways needs HTTP/2.
    const httpVersion = rpc.kind === "bidi_streaming" ? universal.httpVersion : "2.0";
    const enveloped = isJson(exchange) ? inJson : inBinary;
    await universalResponseToNodeResponse(await enveloped({ ...universal, httpVersion }), response);
  };
}

/** The answer has gone out: what is still to come of its request is not wanted. */
function letGo(request: NodeRequest): void {
  if (request.complete) return;
  if ("stream" in request) request.stream.close(constants.NGHTTP2_NO_ERROR);
  else request.resume();
}
