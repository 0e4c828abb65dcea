import { create, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { DescFile } from "@bufbuild/protobuf";
import type { Server } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";

/** Adds server reflection (v1 and v1alpha) for the services of some proto files. */
export function addReflection(server: Server, files: readonly DescFile[]): void {
  const set = create(FileDescriptorSetSchema, { file: withDependencies(files) });
  const bytes = Buffer.from(toBinary(FileDescriptorSetSchema, set));
  new ReflectionService(loadFileDescriptorSetFromBuffer(bytes)).addToServer(server);
}

function withDependencies(files: readonly DescFile[]): FileDescriptorProto[] {
  const found = new Map<string, FileDescriptorProto>();
  const visit = (file: DescFile): void => {
    if (found.has(file.name)) return;
    for (const dependency of file.dependencies) visit(dependency);
    found.set(file.name, file.proto);
  };
  for (const file of files) visit(file);
  return [...found.values()];
}
