import type { handleUnaryCall } from "@grpc/grpc-js";
import { type Interceptor, runChain } from "../../interceptors/interceptor.js";
import { createAnswerEncoder } from "../codec/by-hand.js";
import { createRequestDecoder } from "../codec/request.js";
import { traitsOf, type UnaryRpc } from "../rpc.js";
import { GrpcCall } from "./grpc-call.js";
import type { OpenCalls } from "./open-calls.js";
import { toFailedStatus } from "./status.js";

/** A unary RPC as a grpc-js handler of bytes. */
export function unaryHandler(
  rpc: UnaryRpc,
  chain: readonly Interceptor[],
  openCalls: OpenCalls,
): handleUnaryCall<Uint8Array, Uint8Array> {
  const decode = createRequestDecoder(rpc.method.input, rpc.byHand);
  const encode = createAnswerEncoder(rpc.method.output, rpc.byHand);
  const traits = traitsOf(rpc);
  const finish = (call: GrpcCall): void => {
    call.answered();
    openCalls.delete(call);
  };
  return (surface, callback) => {
    const call = new GrpcCall(traits, surface);
    openCalls.add(call);
    const handle = async (): Promise<Uint8Array> =>
      encode(await rpc.handle(decode(surface.request), call));
    runChain(chain, call, handle).then(
      (answer) => {
        finish(call);
        callback(null, answer);
      },
      (error: unknown) => {
        finish(call);
        callback(toFailedStatus(error, call.requestId));
      },
    );
  };
}
