import type { Readable } from "node:stream";
import type { handleBidiStreamingCall } from "@grpc/grpc-js";
import { failureOfAbort } from "../../domain/abort.js";
import { AnnalsError } from "../../domain/error.js";
import { type Interceptor, runChain } from "../../interceptors/interceptor.js";
import { createAnswerEncoder } from "../codec/by-hand.js";
import { createRequestDecoder } from "../codec/request.js";
import { endOfRequests } from "../end-of-requests.js";
import { traitsOf, type BidiStreamingRpc } from "../rpc.js";
import { GrpcCall } from "./grpc-call.js";
import type { OpenCalls } from "./open-calls.js";
import { toFailedStatus } from "./status.js";
import { writeAll } from "./write-all.js";

/** Requests read ahead of the handler; past it the caller is held back by HTTP/2's flow control. */
const maxWaiting = 16;

/** A bidirectional RPC as a grpc-js handler of bytes. */
export function bidiStreamingHandler(
  rpc: BidiStreamingRpc,
  chain: readonly Interceptor[],
  openCalls: OpenCalls,
  stallTimeoutMs: number,
): handleBidiStreamingCall<Uint8Array, Uint8Array> {
  const decode = createRequestDecoder(rpc.method.input, rpc.byHand);
  const encode = createAnswerEncoder(rpc.method.output, rpc.byHand);
  const traits = traitsOf(rpc);
  return (surface) => {
    const call = new GrpcCall(traits, surface);
    const requestsEnd = endOfRequests(call);
    openCalls.add(call, (reason) => {
      requestsEnd.abort(reason);
    });
    let begun = false;
    runChain(chain, call, () => {
      begun = true;
      const requests = incoming(surface, decode, requestsEnd.signal);
      const answers = rpc.handle(requests, call);
      return writeAll(surface, answers, encode, call, stallTimeoutMs, requestsEnd.signal);
    })
      .then(
        () => surface.end(),
        (error: unknown) => surface.emit("error", toFailedStatus(error, call.requestId, begun)),
      )
      .finally(() => {
        call.answered();
        openCalls.delete(call);
      });
  };
}

/**
 * The requests as they come, a few ahead. Aborted, they end with its failure, after those that are here
 * already.
 */
async function* incoming<Request>(
  surface: Readable,
  decode: (bytes: Uint8Array) => Request,
  signal: AbortSignal,
): AsyncGenerator<Request, void, undefined> {
  const waiting: Uint8Array[] = [];
  let ended = false;
  let wake = (): void => undefined;
  surface.on("data", (bytes: Uint8Array) => {
    if (waiting.push(bytes) >= maxWaiting) surface.pause();
    wake();
  });
  surface.on("end", () => {
    ended = true;
    wake();
  });
  signal.addEventListener("abort", () => {
    wake();
  });
  for (;;) {
    const bytes = waiting.shift();
    if (bytes) {
      yield decode(bytes);
    } else if (ended) {
      return;
    } else {
      if (signal.aborted) throw new AnnalsError(failureOfAbort(signal, true));
      surface.resume();
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }
}
