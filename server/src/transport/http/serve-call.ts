import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { throwIfAborted } from "../../domain/abort.js";
import { type Interceptor, runChain } from "../../interceptors/interceptor.js";
import { awaitReader } from "../await-reader.js";
import { endOfRequests } from "../end-of-requests.js";
import type { OpenCalls } from "../grpc/open-calls.js";
import { type BidiStreamingRpc, type ServerStreamingRpc, traitsOf, type UnaryRpc } from "../rpc.js";
import { type Answer, SharedAnswer } from "../shared-answer.js";
import { toConnectError } from "./connect-error.js";
import type { Exchange } from "./exchange.js";
import { HandOver } from "./hand-over.js";
import { HttpCall } from "./http-call.js";

/** What every call over HTTP goes through. */
export interface Service {
  readonly chain: readonly Interceptor[];
  readonly openCalls: OpenCalls;
  /** After how long a call is cut off whose caller takes nothing that it is sent, in milliseconds. */
  readonly stallTimeoutMs: number;
}

type Message = MessageShape<DescMessage>;

/**
 * Runs a unary call.
 *
 * @param request reads the request; called inside the chain, so never for a caller it refuses
 * @throws ConnectError with the typed detail
 */
export async function serveUnary(
  service: Service,
  rpc: UnaryRpc,
  exchange: Exchange,
  request: (call: HttpCall) => Promise<Message>,
): Promise<Message> {
  const call = new HttpCall(traitsOf(rpc), exchange);
  service.openCalls.add(call);
  try {
    return await runChain(service.chain, call, async () => {
      const message = await request(call);
      throwIfAborted(call); // a request that was cut short may look like a whole one
      return create(rpc.method.output, await rpc.handle(message, call));
    });
  } catch (error) {
    throw toConnectError(error, call.requestId);
  } finally {
    service.openCalls.delete(call);
  }
}

/**
 * Runs a streaming call. The answers end with a ConnectError that has the typed detail.
 *
 * @param answersOf is told when the requests of a bidirectional call end from this side
 */
export function serveStream(
  service: Service,
  rpc: ServerStreamingRpc | BidiStreamingRpc,
  exchange: Exchange,
  answersOf: (call: HttpCall, requestsEnd: AbortSignal) => AsyncIterable<Answer<DescMessage>>,
): AsyncIterable<Message> {
  const call = new HttpCall(traitsOf(rpc), exchange);
  const out = new HandOver<Message>();
  const isBidi = rpc.kind === "bidi_streaming";
  const requestsEnd = endOfRequests(call);
  service.openCalls.add(call, (reason) => {
    if (isBidi) requestsEnd.abort(reason);
    else call.abort(reason);
  });
  let begun = false;
  runChain(service.chain, call, async () => {
    begun = true;
    for await (const answer of answersOf(call, requestsEnd.signal)) {
      throwIfAborted(call.signal);
      const message = answer instanceof SharedAnswer ? answer.message() : answer;
      const gone = out.give(create(rpc.method.output, message));
      const hangUp = call.hangUp.bind(call);
      await awaitReader(gone, call, service.stallTimeoutMs, hangUp, requestsEnd.signal);
    }
  })
    .then(
      () => {
        out.end();
      },
      (error: unknown) => {
        out.fail(toConnectError(error, call.requestId, begun && isBidi));
      },
    )
    .finally(() => {
      service.openCalls.delete(call);
    });
  return out;
}
