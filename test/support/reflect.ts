import {
  type ClientDuplexStream,
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const reflectionProto =
  "node_modules/@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto";

/** An answer, as far as tests look into it. */
export interface ReflectionAnswer {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Buffer[] };
}

type ReflectionCall = ClientDuplexStream<object, ReflectionAnswer>;
/** Asks server reflection as grpcurl does. */
export async function reflect(address: string, request: object): Promise<ReflectionAnswer> {
  const { grpc } = loadPackageDefinition(loadSync(reflectionProto)) as {
    grpc: { reflection: { v1: GrpcObject } };
  };
  const Reflection = grpc.reflection.v1["ServerReflection"] as ServiceClientConstructor;
  const client = new Reflection(address, credentials.createInsecure());
  const method = client["serverReflectionInfo"] as () => ReflectionCall;
  const call = method.call(client);
  try {
    return await new Promise((resolve, reject) => {
      call.on("data", resolve).on("error", reject);
      call.write(request);
    });
  } finally {
    call.end();
    client.close();
  }
}
