import { create, toBinary } from "@bufbuild/protobuf";
import type { handleUnaryCall } from "@grpc/grpc-js";
import { type Interceptor, runChain } from "../../interceptors/interceptor.js";
import { createRequestDecoder } from "../codec/request.js";
import type { UnaryRpc } from "../rpc.js";
import { createGrpcCall } from "./grpc-call.js";
import type { OpenCalls } from "./open-calls.js";
import { toStatusError } from "./status.js";

/** A unary RPC as a grpc-js handler of bytes. */
export function unaryHandler(
  rpc: UnaryRpc,
  chain: readonly Interceptor[],
  openCalls: OpenCalls,
): handleUnaryCall<Uint8Array, Uint8Array> {
  const decode = createRequestDecoder(rpc.method.input);
  const { output } = rpc.method;
  return (surface, callback) => {
    const call = createGrpcCall(rpc, surface);
    openCalls.add(call);
    let response: Uint8Array | null = null;
    runChain(chain, call, async () => {
      const answer = await rpc.handle(decode(surface.request), call);
      response = toBinary(output, create(output, answer));
    })
      .then(
        () => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(toStatusError(error, call.requestId));
        },
      )
      .finally(() => {
        openCalls.delete(call);
      });
  };
}
