import { fileURLToPath } from "node:url";
import type { GeneratorProcess } from "../load/generator-process.js";
import type { RequestTemplate } from "../load/load-job.js";
import type { Contender } from "./contender.js";
import { GrpcServerUnderLoad } from "./grpc-server-under-load.js";

/** A @grpc/grpc-js server whose handler does nothing: the limit for any unary call on that stack. */
export function createEmptyHandler(
  generator: GeneratorProcess,
  request: RequestTemplate,
): Contender {
  const file = fileURLToPath(new URL("./empty-handler-server.js", import.meta.url));
  const server = new GrpcServerUnderLoad(generator, request, () => [file, request.path]);
  return {
    name: "empty handler",
    description: "@grpc/grpc-js, the same request bytes, handed to a handler that answers nothing",
    start: () => server.start(),
    drive: (load, options) => server.drive(load, options),
    verify: () => Promise.resolve(),
    stop: () => server.stop(),
  };
}
