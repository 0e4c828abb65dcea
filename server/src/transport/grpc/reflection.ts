import { type DescFile, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { handleBidiStreamingCall, Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";

type Info = handleBidiStreamingCall<unknown, unknown>;

/** Adds server reflection (v1 and v1alpha) for the services of some proto files. */
export function addReflection(
  server: Pick<Server, "addService">,
  files: readonly DescFile[],
): void {
  // What the service reads of a package definition is its files. They are given as they are: a
  // detour over proto-loader would merge the files of a package and lose imports.
  const contract = {
    format: "Protocol Buffer 3 DescriptorProto" as const,
    type: {},
    fileDescriptorProtos: withDependencies(files),
  };
  new ReflectionService({ contract }).addToServer({
    addService: (definition, handlers) => {
      const info = handlers["ServerReflectionInfo"] as Info;
      server.addService(definition, { ServerReflectionInfo: heldBack(info) });
    },
  });
}

/** The library answers whatever comes, whether the answers are read or not: who reads none is not heard on. */
function heldBack(info: Info): Info {
  return (call) => {
    const write = call.write.bind(call) as (answer: unknown) => boolean;
    call.write = (answer: unknown) => {
      const takesMore = write(answer);
      if (!takesMore) call.pause().once("drain", () => call.resume());
      return takesMore;
    };
    info(call);
  };
}

function withDependencies(files: readonly DescFile[]): Buffer[] {
  const found = new Map<string, Buffer>();
  const visit = (file: DescFile): void => {
    if (found.has(file.proto.name)) return;
    for (const dependency of file.dependencies) visit(dependency);
    found.set(file.proto.name, Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)));
  };
  for (const file of files) visit(file);
  return [...found.values()];
}
