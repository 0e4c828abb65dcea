import { create, toBinary } from "@bufbuild/protobuf";
import type { handleUnaryCall } from "@grpc/grpc-js";
import { type Interceptor, runChain } from "../../interceptors/interceptor.js";
import { createRequestDecoder } from "../codec/request.js";
import type { UnaryRpc } from "../rpc.js";
import { GrpcCall, traitsOf } from "./grpc-call.js";
import type { OpenCalls } from "./open-calls.js";
import { toFailedStatus } from "./status.js";

/** A unary RPC as a grpc-js handler of bytes. */
export function unaryHandler(
  rpc: UnaryRpc,
  chain: readonly Interceptor[],
  openCalls: OpenCalls,
): handleUnaryCall<Uint8Array, Uint8Array> {
  const decode = createRequestDecoder(rpc.method.input);
  const { output } = rpc.method;
  const traits = traitsOf(rpc);
  const finish = (call: GrpcCall): void => {
    call.answered();
    openCalls.delete(call);
  };
  return (surface, callback) => {
    const call = new GrpcCall(traits, surface);
    openCalls.add(call);
    let response: Uint8Array | null = null;
    runChain(chain, call, async () => {
      const answer = await rpc.handle(decode(surface.request), call);
      response = toBinary(output, create(output, answer));
    }).then(
      () => {
        finish(call);
        callback(null, response);
      },
      (error: unknown) => {
        finish(call);
        callback(toFailedStatus(error, call.requestId));
      },
    );
  };
}
