import type { handleServerStreamingCall } from "@grpc/grpc-js";
import { type Interceptor, runChain } from "../../interceptors/interceptor.js";
import { createRequestDecoder } from "../codec/request.js";
import { traitsOf, type ServerStreamingRpc } from "../rpc.js";
import { encodeAnswer } from "../shared-answer.js";
import { GrpcCall } from "./grpc-call.js";
import type { OpenCalls } from "./open-calls.js";
import { toFailedStatus } from "./status.js";
import { writeAll } from "./write-all.js";

/** A server-streaming RPC as a grpc-js handler of bytes. */
export function serverStreamingHandler(
  rpc: ServerStreamingRpc,
  chain: readonly Interceptor[],
  openCalls: OpenCalls,
  stallTimeoutMs: number,
): handleServerStreamingCall<Uint8Array, Uint8Array> {
  const decode = createRequestDecoder(rpc.method.input);
  const { output } = rpc.method;
  const traits = traitsOf(rpc);
  return (surface) => {
    const call = new GrpcCall(traits, surface);
    openCalls.add(call);
    runChain(chain, call, () => {
      const answers = rpc.handle(decode(surface.request), call);
      return writeAll(
        surface,
        answers,
        (answer) => encodeAnswer(output, answer),
        call,
        stallTimeoutMs,
      );
    })
      .then(
        () => surface.end(),
        (error: unknown) => surface.emit("error", toFailedStatus(error, call.requestId)),
      )
      .finally(() => {
        call.answered();
        openCalls.delete(call);
      });
  };
}
